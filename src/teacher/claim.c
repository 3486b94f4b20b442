/* claim.c: who fills which table of a store's folder. One file per folder, a record of 64
 * bytes per epoch; the claim is a lock of the kernel on the record. Locks only spare work: where
 * they fail, a table is filled twice with the same content and published once. */
#define _GNU_SOURCE /* F_OFD_SETLK: a lock that belongs to the open file, not to the process */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "parts.h"

sld_status sld_claims_open(sld_ctx *ctx, const char *folder, sld_claims *out)
{
    char path[PATH_MAX];

    snprintf(path, sizeof path, "%s/claims", folder);
    return sld_file_open_lock(ctx, path, &out->fd);
}

void sld_claims_close(sld_claims *claims)
{
    if (claims->fd >= 0) {
        close(claims->fd);
        claims->fd = -1;
    }
}

static int lock(sld_claims *claims, int64_t epoch, short type)
{
    struct flock range = {.l_type   = type,
                          .l_whence = SEEK_SET,
                          .l_start  = (off_t)(epoch * SLD_CLAIM_BYTES),
                          .l_len    = SLD_CLAIM_BYTES};
    return fcntl(claims->fd, F_OFD_SETLK, &range);
}

bool sld_claims_take(sld_claims *claims, int64_t epoch)
{
    return lock(claims, epoch, F_WRLCK) == 0 || (errno != EAGAIN && errno != EACCES);
}

void sld_claims_drop(sld_claims *claims, int64_t epoch)
{
    (void)lock(claims, epoch, F_UNLCK);
}

void sld_claims_report(sld_claims *claims, int64_t epoch, size_t done, size_t all)
{
    char text[2 * SLD_CLAIM_BYTES], record[SLD_CLAIM_BYTES], host[24] = "";

    gethostname(host, sizeof host - 1);
    memset(record, ' ', sizeof record);
    snprintf(text, sizeof text, "%s %ld: %zu of %zu", host, (long)getpid(), done, all);
    memcpy(record, text, strlen(text) < sizeof record ? strlen(text) : sizeof record - 1);
    record[sizeof record - 1] = '\n';
    if (pwrite(claims->fd, record, sizeof record, (off_t)(epoch * SLD_CLAIM_BYTES)) < 0) {
        return; /* a sign of life less: at worst another fills the table too */
    }
}

void sld_claims_read(sld_claims *claims, int64_t epoch, char record[SLD_CLAIM_BYTES])
{
    memset(record, 0, SLD_CLAIM_BYTES);
    if (pread(claims->fd, record, SLD_CLAIM_BYTES, (off_t)(epoch * SLD_CLAIM_BYTES)) < 0) {
        memset(record, 0, SLD_CLAIM_BYTES);
    }
}
