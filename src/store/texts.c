/* texts.c: strings in and out of a document. Written as variable-length UTF-8, read in whatever
 * form HDF5 programs leave them: fixed or variable length, ASCII or UTF-8, any padding. */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define TEXT_MAX ((size_t)1 << 28) /* bytes of one text */

/* Where strings are read from: an attribute or a data set. */
typedef struct text_source {
    hid_t       id;
    bool        is_attr;
    const char *what; /* for messages: the object's path or the attribute's name */
} text_source;

static herr_t read_raw(const text_source *from, hid_t type, void *values)
{
    return from->is_attr ? H5Aread(from->id, type, values)
                         : H5Dread(from->id, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
}

static sld_status no_memory(sld_ctx *ctx, const sld_doc *doc, const text_source *from)
{
    return SLD_FAIL(ctx, SLD_ERR_NOMEM, "%s: out of memory: the text of %s", doc_name(doc),
                    from->what);
}

static sld_status unreadable(sld_ctx *ctx, sld_doc *doc, const text_source *from)
{
    return SLD_FAIL(ctx, SLD_ERR_DATA, "%s: the text of %s cannot be read: %s", doc_name(doc),
                    from->what, doc_reason(doc));
}

/* n strings of variable length; HDF5 allocates each. texts: (n), owned by doc. */
static sld_status read_variable(sld_ctx *ctx, sld_doc *doc, const text_source *from, hid_t type,
                                size_t n, const char **texts)
{
    char **raw = calloc(n, sizeof *raw);
    if (!raw) return no_memory(ctx, doc, from);
    sld_status st = SLD_OK;
    if (read_raw(from, type, raw) < 0) st = unreadable(ctx, doc, from);
    for (size_t i = 0; i < n; i++) {
        if (st == SLD_OK) {
            texts[i] = sld_arena_strdup(doc->strings, raw[i] ? raw[i] : "");
            if (!texts[i]) st = no_memory(ctx, doc, from);
        }
        if (raw[i]) H5free_memory(raw[i]);
    }
    free(raw);
    return st;
}

/* n strings of width bytes each, padded by zeros or blanks. */
static sld_status read_fixed(sld_ctx *ctx, sld_doc *doc, const text_source *from, hid_t file_type,
                             size_t width, size_t n, const char **texts)
{
    sld_status  st   = SLD_OK;
    char       *raw  = calloc(n, width + 1);
    const hid_t type = H5Tcopy(H5T_C_S1);
    if (!raw) {
        st = no_memory(ctx, doc, from);
    } else if (type < 0 || H5Tset_size(type, width + 1) < 0 ||
               H5Tset_cset(type, H5Tget_cset(file_type)) <
                   0 || /* HDF5 converts no character sets */
               read_raw(from, type, raw) < 0) {
        st = unreadable(ctx, doc, from);
    }
    for (size_t i = 0; st == SLD_OK && i < n; i++) {
        texts[i] = sld_arena_strdup(doc->strings, raw + i * (width + 1));
        if (!texts[i]) st = no_memory(ctx, doc, from);
    }
    if (type >= 0) H5Tclose(type);
    free(raw);
    return st;
}

/* Reads the n strings that space and file_type promise; closes neither. */
static sld_status read_texts(sld_ctx *ctx, sld_doc *doc, const text_source *from, hid_t space,
                             hid_t file_type, size_t n, const char **texts)
{
    if (file_type < 0 || H5Tget_class(file_type) != H5T_STRING) {
        return SLD_FAIL(ctx, SLD_ERR_DATA, "%s: %s: expected text, got %s", doc_name(doc),
                        from->what, class_name(file_type));
    }
    const hssize_t found = H5Sget_simple_extent_npoints(space);
    if (found < 0 || (size_t)found != n) {
        return SLD_FAIL(ctx, SLD_ERR_DATA, "%s: %s: expected %zu texts, got %lld", doc_name(doc),
                        from->what, n, (long long)found);
    }
    if (n == 0) return SLD_OK;
    if (H5Tis_variable_str(file_type) > 0) {
        /* The file's own type, which carries its character set; HDF5 reads it unconverted. */
        return read_variable(ctx, doc, from, file_type, n, texts);
    }
    const size_t width = H5Tget_size(file_type);
    if (width > TEXT_MAX || (doc->file_bytes > 0 && width > doc->file_bytes)) {
        return SLD_FAIL(
            ctx, SLD_ERR_DATA,
            "%s: %s: expected texts that fit into the file's %zu bytes, got %zu bytes for each",
            doc_name(doc), from->what, doc->file_bytes, width);
    }
    return read_fixed(ctx, doc, from, file_type, width, n, texts);
}

sld_status sld_doc_get_attr_text(sld_ctx *ctx, sld_doc *doc, const char *object, const char *name,
                                 const char **text)
{
    *text = NULL;
    if (!sld_doc_has_attr(doc, object, name)) {
        return SLD_FAIL(ctx, SLD_ERR_DATA, "%s: %s: expected the attribute \"%s\", got none",
                        doc_name(doc), object, name);
    }
    text_source from  = {H5Aopen_by_name(doc->file, object, name, H5P_DEFAULT, doc->inside), true,
                         name};
    const hid_t space = from.id < 0 ? H5I_INVALID_HID : H5Aget_space(from.id);
    const hid_t type  = space < 0 ? H5I_INVALID_HID : H5Aget_type(from.id);
    sld_status  st =
        type < 0 ? unreadable(ctx, doc, &from) : read_texts(ctx, doc, &from, space, type, 1, text);
    if (type >= 0) H5Tclose(type);
    if (space >= 0) H5Sclose(space);
    if (from.id >= 0) H5Aclose(from.id);
    return st;
}

sld_status sld_doc_get_text(sld_ctx *ctx, sld_doc *doc, const char *path, size_t n,
                            const char **texts)
{
    text_source from = {H5I_INVALID_HID, false, path};
    SLD_TRY(doc_open_dataset(ctx, doc, path, &from.id));
    const hid_t space = H5Dget_space(from.id);
    const hid_t type  = space < 0 ? H5I_INVALID_HID : H5Dget_type(from.id);
    sld_status  st    = storage_check(ctx, doc, path, from.id);
    if (st == SLD_OK && storage_is_virtual(from.id)) {
        st = SLD_FAIL(ctx, SLD_ERR_DATA,
                      "%s: %s: expected texts in this file, got a virtual data set", doc_name(doc),
                      path);
    } else if (st == SLD_OK) {
        st = type < 0 ? unreadable(ctx, doc, &from)
                      : read_texts(ctx, doc, &from, space, type, n, texts);
    }
    if (type >= 0) H5Tclose(type);
    if (space >= 0) H5Sclose(space);
    H5Dclose(from.id);
    return st;
}

sld_status sld_doc_attr_text(sld_ctx *ctx, sld_doc *doc, const char *object, const char *name,
                             const char *text)
{
    const hid_t type  = type_text();
    const hid_t space = H5Screate(H5S_SCALAR);
    const hid_t attr  = H5Acreate_by_name(doc->file, object, name, type, space, H5P_DEFAULT,
                                          H5P_DEFAULT, H5P_DEFAULT);
    sld_status  st    = SLD_OK;
    if (attr < 0 || H5Awrite(attr, type, &text) < 0) {
        st = SLD_FAIL(ctx, SLD_ERR_IO, "%s: attribute \"%s\" of %s cannot be written: %s",
                      doc_name(doc), name, object, doc_reason(doc));
    }
    if (attr >= 0) H5Aclose(attr);
    if (space >= 0) H5Sclose(space);
    if (type >= 0) H5Tclose(type);
    return st;
}

sld_status sld_doc_put_text(sld_ctx *ctx, sld_doc *doc, const char *path, const char *const *texts,
                            size_t n)
{
    hid_t       dataset = H5I_INVALID_HID;
    const hid_t type    = type_text();
    sld_status  st      = doc_make_dataset(ctx, doc, path, type, 1, &n, &dataset);
    if (st == SLD_OK && n > 0 &&
        H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, texts) < 0) {
        st = SLD_FAIL(ctx, SLD_ERR_IO, "%s: %s cannot be written: %s", doc_name(doc), path,
                      doc_reason(doc));
    }
    if (dataset >= 0) H5Dclose(dataset);
    if (type >= 0) H5Tclose(type);
    return st;
}
