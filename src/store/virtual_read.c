/* virtual_read.c: a virtual data set read source by source. HDF5 itself would look for the sources
 * from the folder in which the program was started, and give zeros for those that it does not find.
 * Here they are found from the folder of the virtual data set's file, each is there and whole, and
 * together they fill all of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

typedef struct virtual_set {
    sld_doc    *doc;
    const char *path;
    hid_t       plist, space; /* of the virtual data set */
    sld_type    type;
    void       *values;  /* (n); NULL: checks alone */
    uint8_t    *covered; /* (n) 1: a source has this value */
    size_t      n;
    sld_doc    *source; /* the file opened last */
    size_t      n_files;
} virtual_set;

/* A text that HDF5 hands out in two calls; NULL: too long. */
static const char *text_of(ssize_t (*get)(hid_t, size_t, char *, size_t), hid_t plist, size_t i,
                           char *text, size_t size)
{
    const ssize_t n = get(plist, i, text, size);
    return n > 0 && (size_t)n < size ? text : NULL;
}

bool virtual_source_path(const sld_doc *doc, const char *file, char path[PATH_MAX])
{
    const char *here  = doc_name(doc);
    const char *slash = strrchr(here, '/');

    if (strcmp(file, ".") == 0) return snprintf(path, PATH_MAX, "%s", here) < PATH_MAX;
    const int folder = file[0] == '/' || !slash ? 0 : (int)(slash - here) + 1;
    return snprintf(path, PATH_MAX, "%.*s%s", folder, here, file) < PATH_MAX;
}

/* Opens the file of a source, unless it is open; "." is the virtual data set's own. */
static sld_status open_source(sld_ctx *ctx, virtual_set *v, const char *file, sld_doc **out)
{
    char path[PATH_MAX];

    *out = v->doc;
    if (strcmp(file, ".") == 0) return SLD_OK;
    if (!virtual_source_path(v->doc, file, path)) {
        return SLD_FAIL(ctx, SLD_ERR_DATA, "%s: %s: expected a shorter name of a source file",
                        doc_name(v->doc), v->path);
    }
    if (!v->source || strcmp(doc_name(v->source), path) != 0) {
        sld_doc_close(v->source);
        v->source = NULL;
        v->n_files++;
        SLD_TRY(sld_doc_open_file(ctx, path, &v->source));
    }
    *out = v->source;
    return SLD_OK;
}

static sld_status refuse(sld_ctx *ctx, const virtual_set *v, const char *why)
{
    return SLD_FAIL(ctx, SLD_ERR_DATA,
                    "%s: %s is a virtual data set %s; copy it into one file with h5py: "
                    "new[\"%.60s\"] = old[\"%.60s\"][...], and look at the values",
                    doc_name(v->doc), v->path, why, v->path, v->path);
}

/* The selected values of the source go to where the selection `there` of the whole says. */
static sld_status move(sld_ctx *ctx, virtual_set *v, sld_doc *source, const char *name,
                       hid_t dataset, hid_t from, hid_t there)
{
    const hid_t    type  = H5Dget_type(dataset);
    const hid_t    space = H5Dget_space(dataset);
    const uint8_t  one   = 1;
    const hssize_t n     = H5Sget_select_npoints(there);
    strict_read    read  = {.doc = v->doc, .type = v->type};
    sld_status     st    = SLD_OK;

    if (type < 0 || space < 0 || !is_number(type) || H5Sselect_copy(space, from) < 0 ||
        H5Sselect_valid(space) <= 0 || n < 0 || H5Sget_select_npoints(space) != n) {
        st = SLD_FAIL(ctx, SLD_ERR_DATA,
                      "%s: %s: its source %s in %s has another shape or type than it says",
                      doc_name(v->doc), v->path, name, doc_name(source));
    } else if (v->values && n > 0 &&
               (!strict_get(&read, dataset, there, space, v->values) ||
                H5Dfill(&one, H5T_NATIVE_UINT8, v->covered, H5T_NATIVE_UINT8, there) < 0)) {
        st = SLD_FAIL(ctx, SLD_ERR_DATA, "%s: %s: its source %s in %s cannot be read as %s: %s",
                      doc_name(v->doc), v->path, name, doc_name(source), type_name(v->type),
                      read.why ? read.why : doc_reason(v->doc));
    }
    if (type >= 0) H5Tclose(type);
    if (space >= 0) H5Sclose(space);
    return st;
}

/* *points: how many values this source brings. */
static sld_status read_source(sld_ctx *ctx, virtual_set *v, size_t i, double *points)
{
    char        file[SOURCE_NAME_MAX], name[STORE_PATH_MAX];
    sld_doc    *source  = NULL;
    hid_t       dataset = H5I_INVALID_HID;
    const hid_t there   = H5Pget_virtual_vspace(v->plist, i);
    const hid_t from    = H5Pget_virtual_srcspace(v->plist, i);
    sld_status  st      = SLD_OK;

    const hssize_t n = there < 0 ? -1 : H5Sget_select_npoints(there);
    if (n < 0 || from < 0 || !text_of(H5Pget_virtual_filename, v->plist, i, file, sizeof file) ||
        !text_of(H5Pget_virtual_dsetname, v->plist, i, name, sizeof name) || strchr(file, '%') ||
        H5Sextent_equal(there, v->space) <= 0 || H5Sselect_valid(there) <= 0) {
        st = refuse(ctx, v, "without fixed sources");
    }
    if (st == SLD_OK) st = open_source(ctx, v, file, &source);
    if (st == SLD_OK) st = doc_open_dataset(ctx, source, name, &dataset);
    if (st == SLD_OK && storage_is_virtual(dataset)) st = refuse(ctx, v, "of virtual data sets");
    if (st == SLD_OK) st = storage_check(ctx, source, name, dataset);
    if (st == SLD_OK) st = move(ctx, v, source, name, dataset, from, there);
    *points = (double)n;
    if (dataset >= 0) H5Dclose(dataset);
    if (there >= 0) H5Sclose(there);
    if (from >= 0) H5Sclose(from);
    return st;
}

static sld_status read_all(sld_ctx *ctx, virtual_set *v)
{
    size_t       n_sources = 0;
    double       points    = 0.0;
    const double wanted    = (double)H5Sget_simple_extent_npoints(v->space);

    if (H5Pget_virtual_count(v->plist, &n_sources) < 0) return refuse(ctx, v, "without sources");
    for (size_t i = 0; i < n_sources; i++) {
        double more = 0.0;
        SLD_TRY(read_source(ctx, v, i, &more));
        points += more;
    }
    bool whole = points >= wanted;
    for (size_t i = 0; whole && v->covered && i < v->n; i++) {
        whole = v->covered[i];
    }
    return whole ? SLD_OK : refuse(ctx, v, "whose sources leave a part of it empty");
}

sld_status virtual_read(sld_ctx *ctx, sld_doc *doc, const char *path, hid_t dataset, sld_type type,
                        size_t n, void *values)
{
    virtual_set v  = {.doc = doc, .path = path, .type = type, .n = n};
    sld_status  st = SLD_OK;

    v.values = values;
    v.plist  = H5Dget_create_plist(dataset);
    v.space  = H5Dget_space(dataset);
    if (values && !(v.covered = calloc(n, 1))) {
        st = SLD_FAIL(ctx, SLD_ERR_NOMEM, "%s: out of memory: %zu values of %s", doc_name(doc), n,
                      path);
    }
    if (st == SLD_OK) st = read_all(ctx, &v);
    if (st == SLD_OK && values && v.n_files > 0) {
        sld_log(ctx, SLD_LOG_INFO, "%s: %s is read from %zu other file%s", doc_name(doc), path,
                v.n_files, sld_text_plural(v.n_files));
    }
    sld_doc_close(v.source);
    free(v.covered);
    if (v.plist >= 0) H5Pclose(v.plist);
    if (v.space >= 0) H5Sclose(v.space);
    return st;
}
