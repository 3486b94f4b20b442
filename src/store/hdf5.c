/* hdf5.c: small things about HDF5 itself: types, error texts, version. */
#include <stdio.h>
#include <string.h>

#include "internal.h"

void hdf5_silence(void)
{
    (void)H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

void sld_store_begin(void)
{
    (void)H5dont_atexit();
    (void)H5open();
}

/* H5E_WALK_UPWARD starts at the innermost entry, which is the cause; 1 stops there. */
static herr_t take_first(unsigned n, const H5E_error2_t *entry, void *text)
{
    sld_doc *doc = text;
    snprintf(doc->reason, sizeof doc->reason, "%s", entry->desc);
    return 1;
}

const char *doc_reason(sld_doc *doc)
{
    snprintf(doc->reason, sizeof doc->reason, "HDF5 gives no reason");
    (void)H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, take_first, doc);
    return doc->reason;
}

hid_t type_in_memory(sld_type type)
{
    switch (type) {
    case SLD_F32:
        return H5T_NATIVE_FLOAT;
    case SLD_F64:
        return H5T_NATIVE_DOUBLE;
    case SLD_I32:
        return H5T_NATIVE_INT32;
    case SLD_I64:
        return H5T_NATIVE_INT64;
    case SLD_U8:
        return H5T_NATIVE_UINT8;
    case SLD_U16:
        return H5T_NATIVE_UINT16;
    case SLD_F16:
        return H5T_NATIVE_FLOAT;
    }
    return H5I_INVALID_HID;
}

/* IEEE half precision, for which HDF5 1.10 has no constant: made once, and locked like its own. */
static hid_t type_half(void)
{
    static hid_t half = H5I_INVALID_HID;
    hid_t        made;

    if (half >= 0) return half;
    made = H5Tcopy(H5T_IEEE_F32LE);
    if (made < 0) return H5I_INVALID_HID;
    if (H5Tset_fields(made, 15, 10, 5, 0, 10) < 0 || H5Tset_size(made, 2) < 0 ||
        H5Tset_ebias(made, 15) < 0 || H5Tlock(made) < 0) {
        H5Tclose(made);
        return H5I_INVALID_HID;
    }
    half = made;
    return half;
}

hid_t type_in_file(sld_type type)
{
    switch (type) {
    case SLD_F32:
        return H5T_IEEE_F32LE;
    case SLD_F64:
        return H5T_IEEE_F64LE;
    case SLD_I32:
        return H5T_STD_I32LE;
    case SLD_I64:
        return H5T_STD_I64LE;
    case SLD_U8:
        return H5T_STD_U8LE;
    case SLD_U16:
        return H5T_STD_U16LE;
    case SLD_F16:
        return type_half();
    }
    return H5I_INVALID_HID;
}

const char *type_name(sld_type type)
{
    static const char *const names[] = {"float32", "float64", "int32",  "int64",
                                        "uint8",   "uint16",  "float16"};
    return (size_t)type < sizeof names / sizeof names[0] ? names[type] : "no type";
}

hid_t type_text(void)
{
    const hid_t type = H5Tcopy(H5T_C_S1);
    if (type < 0) return H5I_INVALID_HID;
    if (H5Tset_size(type, H5T_VARIABLE) < 0 || H5Tset_cset(type, H5T_CSET_UTF8) < 0) {
        H5Tclose(type);
        return H5I_INVALID_HID;
    }
    return type;
}

const char *shape_text(int n_dims, const size_t *dims, char *text, size_t n)
{
    size_t at = (size_t)snprintf(text, n, "(");
    for (int d = 0; d < n_dims && at < n; d++) {
        at += (size_t)snprintf(text + at, n - at, d == 0 ? "%zu" : ",%zu", dims[d]);
    }
    if (at < n) snprintf(text + at, n - at, ")");
    return text;
}

void sld_store_versions(char *text, size_t n)
{
    unsigned major = 0, minor = 0, release = 0;
#ifdef H5_HAVE_PARALLEL
    const char *kind = "parallel";
#else
    const char *kind = "serial";
#endif
    (void)H5get_libversion(&major, &minor, &release);
    snprintf(text, n, "HDF5 %u.%u.%u (%s)", major, minor, release, kind);
}
