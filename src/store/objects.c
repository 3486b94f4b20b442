/* objects.c: what a document holds at a path, and the members of its groups. Nothing outside the
 * file is ever an answer: an external link is reported, not followed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

typedef enum place { ABSENT, HERE, ELSEWHERE } place;

/* One link, whose group exists. */
static place place_of_link(const sld_doc *doc, const char *path)
{
    H5L_info_t info;

    if (H5Lexists(doc->file, path, H5P_DEFAULT) <= 0) return ABSENT;
    if (H5Lget_info(doc->file, path, &info, H5P_DEFAULT) < 0) return ABSENT;
    if (info.type == H5L_TYPE_HARD) return HERE; /* it names an object, not a path to one */
    if (info.type == H5L_TYPE_EXTERNAL || info.type >= H5L_TYPE_UD_MIN) return ELSEWHERE;
    return H5Oexists_by_name(doc->file, path, doc->inside) > 0 ? HERE : ABSENT;
}

/* Bytes of path that name the group found last, or 0. Nothing is ever taken out of a document, so it
 * is still there. */
static size_t known_part(const sld_doc *doc, const char *path)
{
    const size_t n = strlen(doc->known_group);

    return n > 0 && strncmp(path, doc->known_group, n) == 0 && path[n] == '/' ? n : 0;
}

/* link: the part of path that leads out of the file. */
static place find(sld_doc *doc, const char *path, char link[STORE_PATH_MAX])
{
    const size_t n  = strlen(path);
    place        at = ABSENT;

    link[0] = '\0';
    if (strcmp(path, "/") == 0) return HERE;
    if (n == 0 || n >= STORE_PATH_MAX) return ABSENT;
    /* H5Lexists wants every group above to exist, so the path is walked from the root. */
    for (size_t end = known_part(doc, path) + 1; end <= n; end++) {
        if (path[end] != '/' && path[end] != '\0') continue;
        memcpy(link, path, end);
        link[end] = '\0';
        at        = place_of_link(doc, link);
        if (at != HERE) return at;
        if (end < n) memcpy(doc->known_group, link, end + 1);
    }
    return HERE;
}

bool sld_doc_has(sld_doc *doc, const char *path)
{
    char link[STORE_PATH_MAX];
    return find(doc, path, link) != ABSENT;
}

bool sld_doc_has_attr(sld_doc *doc, const char *object, const char *name)
{
    char link[STORE_PATH_MAX];
    return find(doc, object, link) == HERE &&
           H5Aexists_by_name(doc->file, object, name, doc->inside) > 0;
}

/* Where an external link leads; "elsewhere" for links of other kinds. */
static void target_of(const sld_doc *doc, const char *link, char text[160])
{
    H5L_info_t  info;
    char        value[512];
    const char *file = NULL, *object = NULL;
    unsigned    flags;

    snprintf(text, 160, "elsewhere");
    if (H5Lget_info(doc->file, link, &info, H5P_DEFAULT) >= 0 && info.type == H5L_TYPE_EXTERNAL &&
        info.u.val_size <= sizeof value &&
        H5Lget_val(doc->file, link, value, sizeof value, H5P_DEFAULT) >= 0 &&
        H5Lunpack_elink_val(value, info.u.val_size, &flags, &file, &object) >= 0) {
        snprintf(text, 160, "%.60s in the file %.80s", object, file);
    }
}

sld_status doc_open_dataset(sld_ctx *ctx, sld_doc *doc, const char *path, hid_t *out)
{
    char        link[STORE_PATH_MAX], target[160];
    const place at = find(doc, path, link);

    *out = H5I_INVALID_HID;
    if (at == ABSENT && link[0] && H5Lexists(doc->file, link, H5P_DEFAULT) > 0) {
        return SLD_FAIL(ctx, SLD_ERR_DATA,
                        "%s: %.100s: expected data, got a link that leads nowhere; make the link "
                        "anew, or store a copy in its place",
                        doc_name(doc), link);
    }
    if (at == ABSENT) {
        return SLD_FAIL(ctx, SLD_ERR_DATA, "%s: expected %s, got a file without it", doc_name(doc),
                        path);
    }
    if (at == ELSEWHERE) {
        target_of(doc, link, target);
        return SLD_FAIL(ctx, SLD_ERR_DATA,
                        "%s: %.100s: expected data in this file, got an external link to %s; put "
                        "it all into one file: h5copy -f ext -i THIS.h5 -o NEW.h5 -s %.100s -d "
                        "%.100s",
                        doc_name(doc), link, target, link, link);
    }
    *out = H5Dopen2(doc->file, path, doc->inside);
    if (*out < 0) {
        return SLD_FAIL(ctx, SLD_ERR_DATA, "%s: %s is not a readable data set: %s", doc_name(doc),
                        path, doc_reason(doc));
    }
    return SLD_OK;
}

/* The shape of an open data set. */
sld_status dataset_dims(sld_ctx *ctx, sld_doc *doc, const char *path, hid_t dataset, int *n_dims,
                        size_t dims[SLD_DOC_DIMS])
{
    hsize_t     found[H5S_MAX_RANK];
    const hid_t space = H5Dget_space(dataset);
    const int   n     = space < 0 ? -1 : H5Sget_simple_extent_dims(space, found, NULL);
    sld_status  st    = SLD_OK;

    if (n < 0) {
        st = SLD_FAIL(ctx, SLD_ERR_DATA, "%s: %s: no shape: %s", doc_name(doc), path,
                      doc_reason(doc));
    } else if (n > SLD_DOC_DIMS) {
        st = SLD_FAIL(ctx, SLD_ERR_DATA, "%s: %s: expected at most %d dimensions, got %d",
                      doc_name(doc), path, SLD_DOC_DIMS, n);
    } else {
        size_t room = SIZE_MAX / sizeof(double); /* elements that a program could hold */
        *n_dims     = n;
        for (int d = 0; d < n; d++) {
            dims[d] = (size_t)found[d];
            if (dims[d] > room) {
                st = SLD_FAIL(ctx, SLD_ERR_DATA, "%s: %s: impossible length %zu of axis %d",
                              doc_name(doc), path, dims[d], d);
            }
            room = dims[d] > 0 ? room / dims[d] : room;
        }
    }
    if (space >= 0) H5Sclose(space);
    return st;
}

sld_status sld_doc_dims(sld_ctx *ctx, sld_doc *doc, const char *path, int *n_dims,
                        size_t dims[SLD_DOC_DIMS])
{
    hid_t dataset;
    SLD_TRY(doc_open_dataset(ctx, doc, path, &dataset));
    sld_status st = dataset_dims(ctx, doc, path, dataset, n_dims, dims);
    if (st == SLD_OK) st = storage_check(ctx, doc, path, dataset); /* before memory is asked for */
    H5Dclose(dataset);
    return st;
}

bool sld_doc_is_floating(sld_doc *doc, const char *path)
{
    const hid_t dataset = sld_doc_has(doc, path) ? H5Dopen2(doc->file, path, doc->inside) : -1;
    const hid_t type    = dataset < 0 ? -1 : H5Dget_type(dataset);
    const bool  is      = type >= 0 && H5Tget_class(type) == H5T_FLOAT;

    if (type >= 0) H5Tclose(type);
    if (dataset >= 0) H5Dclose(dataset);
    return is;
}

typedef struct listing {
    sld_doc *doc;
    size_t   room;
} listing;

static herr_t add_member(hid_t group, const char *name, const H5L_info_t *info, void *user)
{
    listing *l   = user;
    sld_doc *doc = l->doc;

    if (doc->n_members == l->room) {
        const size_t room = l->room ? 2 * l->room : 64;
        const char **more = NULL;
        if (room < SIZE_MAX / sizeof *more) more = malloc(room * sizeof *more);
        if (!more) return -1;
        if (doc->members) memcpy(more, doc->members, doc->n_members * sizeof *more);
        free(doc->members);
        doc->members = more;
        l->room      = room;
    }
    doc->members[doc->n_members] = sld_arena_strdup(doc->strings, name);
    return doc->members[doc->n_members++] ? 0 : -1;
}

/* All at once and kept: one by one HDF5 would look through the group for each. */
static void list_members(sld_doc *doc, const char *group)
{
    listing     l = {.doc = doc};
    char        link[STORE_PATH_MAX];
    hsize_t     start = 0;
    const hid_t id =
        find(doc, group, link) == HERE ? H5Gopen2(doc->file, group, doc->inside) : H5I_INVALID_HID;

    free(doc->members);
    doc->members   = NULL;
    doc->n_members = 0;
    doc->listed    = sld_arena_strdup(doc->strings, group);
    if (id < 0) return;
    if (H5Literate(id, H5_INDEX_NAME, H5_ITER_INC, &start, add_member, &l) < 0) {
        doc->n_members = 0;
    }
    H5Gclose(id);
}

const char *sld_doc_member(sld_doc *doc, const char *group, size_t i)
{
    if (!doc->listed || i == 0 || strcmp(doc->listed, group) != 0) list_members(doc, group);
    return i < doc->n_members ? doc->members[i] : NULL;
}
