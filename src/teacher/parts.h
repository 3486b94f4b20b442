/* parts.h: the parts of a teacher's source. */
#ifndef SLD_TEACHER_PARTS_H
#define SLD_TEACHER_PARTS_H

#include <limits.h>

#include "sld/teacher.h"

/* ---- key.c ---- */

/* Local. All that a table follows from but the epoch. */
void sld_table_key(const sld_teacher_env *env, int view, char text[SLD_KEY_BYTES]);
/* Local. Of a text, n hexadecimal digits of SHA-256. */
void sld_key_hash(const char *text, size_t n, char hash[65]);

/* ---- claim.c: who fills which table of a folder ---- */

typedef struct sld_claims {
    int fd; /* of the file that holds them; -1: none */
} sld_claims;

/* Local. SLD_ERR_IO: the folder cannot be written. */
sld_status sld_claims_open(sld_ctx *ctx, const char *folder, sld_claims *out);
void       sld_claims_close(sld_claims *claims);
/* Local. The claim is the kernel's lock: it ends with the process. True also where the file system
 * has no locks: then two may fill one table, with the same content. */
bool sld_claims_take(sld_claims *claims, int64_t epoch);
void sld_claims_drop(sld_claims *claims, int64_t epoch);
/* Local. What the holder reports of its progress; any change of it is a sign of life. */
#define SLD_CLAIM_BYTES 64
void sld_claims_report(sld_claims *claims, int64_t epoch, size_t done, size_t all);
void sld_claims_read(sld_claims *claims, int64_t epoch, char record[SLD_CLAIM_BYTES]);

/* ---- pass.c ---- */

/* Collective. The teacher on one view of all training samples of an epoch. rows: (n,K), of which
 * this rank fills its share in blocks of SLD_TABLE_BLOCK. claims: on rank 0, where progress is
 * reported; NULL elsewhere. *stop: a stop was asked for, the rows are worthless. */
sld_status sld_teacher_pass(sld_ctx *ctx, const sld_teacher_env *env, int view, int64_t epoch,
                            float *rows, sld_claims *claims, bool *stop);

/* ---- store.c ---- */

typedef struct sld_teacher_store sld_teacher_store;

sld_status sld_teacher_store_create(sld_ctx *ctx, const sld_teacher_env *env,
                                    sld_teacher_store **out);   /* Collective. */
void       sld_teacher_store_destroy(sld_teacher_store *store); /* Local. Accepts NULL. */
/* Collective. Makes the tables of the epoch that are wanted: rows[v] is filled, held[v] says so.
 * Views that it leaves alone are to be computed live. */
sld_status sld_teacher_store_epoch(sld_ctx *ctx, sld_teacher_store *store, int64_t epoch,
                                   const bool wanted[SLD_VIEWS], float *const rows[SLD_VIEWS],
                                   bool held[SLD_VIEWS], bool *stop);

/* ---- look.c: what an outside teacher's tables look like ---- */

#define SLD_LOOK_TEST (-1.0f)

/* Counts of rows of one table; all 0: there is no such table. Floats, because ranks exchange them. */
typedef struct sld_look {
    float epoch; /* that its file is named by; SLD_LOOK_TEST: the logits on test */
    float rows, right, flat, probabilities; /* right: the largest logit is the label's */
} sld_look;

/* Local. Adds the rows of a table. logits: (n,K). labels: of the sample index[i], or of i without an
 * index. */
void sld_look_at(const float *logits, const int32_t *labels, const uint32_t *index, size_t n,
                 size_t K, sld_look *out);
/* Local. Logs how often the teacher is right, and warns once of each thing that logits hardly are.
 * look: (n, SLD_VIEWS), of the files in folder; that of test stands in the first view. */
void sld_look_tell(sld_ctx *ctx, const char *folder, const sld_look *look, size_t n);

/* ---- files.c ---- */

/* Collective. As sld_teacher_store_epoch(); every wanted view is held. */
sld_status sld_teacher_files_epoch(sld_ctx *ctx, const sld_teacher_env *env,
                                   const sld_teacher_files *files, int64_t epoch,
                                   const bool wanted[SLD_VIEWS], float *const rows[SLD_VIEWS]);

#endif
