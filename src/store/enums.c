/* enums.c: the names that an HDF5 enumeration gives to the numbers of a data set. */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

static int by_name(const void *pa, const void *pb)
{
    return strcmp(((const sld_enum *)pa)->name, ((const sld_enum *)pb)->name);
}

/* base: the type of the numbers. */
static bool get_member(const sld_doc *doc, hid_t type, hid_t base, unsigned i, sld_enum *out)
{
    union {
        unsigned char bytes[LARGEST_NUMBER];
        int64_t       value;
    } number;
    char *name = H5Tget_member_name(type, i);
    bool  ok   = name && H5Tget_size(type) <= sizeof number &&
              H5Tget_member_value(type, i, &number) >= 0 &&
              H5Tconvert(base, H5T_NATIVE_INT64, 1, &number, NULL, H5P_DEFAULT) >= 0;

    if (ok) {
        out->name  = sld_arena_strdup(doc->strings, name);
        out->value = number.value;
        ok         = out->name != NULL;
    }
    if (name) H5free_memory(name);
    return ok;
}

static sld_status get_members(sld_ctx *ctx, sld_doc *doc, const char *path, hid_t type, size_t n,
                              sld_enum **out)
{
    const hid_t base = H5Tget_super(type);
    sld_status  st   = SLD_OK;

    *out = calloc(n, sizeof **out);
    if (!*out) {
        st = SLD_FAIL(ctx, SLD_ERR_NOMEM, "%s: out of memory: %zu names of %s", doc_name(doc), n,
                      path);
    }
    for (size_t i = 0; st == SLD_OK && i < n; i++) {
        if (base < 0 || !get_member(doc, type, base, (unsigned)i, &(*out)[i])) {
            st = SLD_FAIL(ctx, SLD_ERR_DATA, "%s: %s: name %zu of its enumeration cannot be read",
                          doc_name(doc), path, i);
        }
    }
    if (base >= 0) H5Tclose(base);
    if (st == SLD_OK) {
        qsort(*out, n, sizeof **out, by_name);
    } else {
        free(*out);
        *out = NULL;
    }
    return st;
}

sld_status sld_doc_get_enum(sld_ctx *ctx, sld_doc *doc, const char *path, size_t *n, sld_enum **out)
{
    hid_t      dataset;
    sld_status st = SLD_OK;

    *n   = 0;
    *out = NULL;
    SLD_TRY(doc_open_dataset(ctx, doc, path, &dataset));
    const hid_t type = H5Dget_type(dataset);
    if (type >= 0 && H5Tget_class(type) == H5T_ENUM) {
        const int members = H5Tget_nmembers(type);
        *n                = members > 0 ? (size_t)members : 0;
    }
    if (*n > 0) st = get_members(ctx, doc, path, type, *n, out);
    if (st != SLD_OK) *n = 0;
    if (type >= 0) H5Tclose(type);
    H5Dclose(dataset);
    return st;
}
