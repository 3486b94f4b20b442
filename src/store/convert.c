/* convert.c: numbers of any HDF5 type become those asked for, or the reading fails: a rounded last
 * digit is what the caller asked for; a clipped or cut value would be a silent lie. */
#include <stdlib.h>

#include "internal.h"

const char *class_name(hid_t type)
{
    static const struct {
        H5T_class_t class;
        const char *name;
    } names[]               = {{H5T_INTEGER, "whole numbers"},
                               {H5T_FLOAT, "numbers"},
                               {H5T_STRING, "text"},
                               {H5T_ENUM, "an enumeration"},
                               {H5T_COMPOUND, "compounds"},
                               {H5T_ARRAY, "arrays"},
                               {H5T_VLEN, "lists"},
                               {H5T_REFERENCE, "references"},
                               {H5T_BITFIELD, "bit fields"},
                               {H5T_OPAQUE, "opaque bytes"}};
    const H5T_class_t class = type < 0 ? H5T_NO_CLASS : H5Tget_class(type);

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (names[i].class == class) {
            return names[i].name;
        }
    }
    return "something else";
}

bool is_number(hid_t type)
{
    const H5T_class_t class = H5Tget_class(type);
    return class == H5T_INTEGER || class == H5T_FLOAT || class == H5T_ENUM;
}

/* HDF5 asks here about each value that the wanted type cannot hold. */
static H5T_conv_ret_t refuse_loss(H5T_conv_except_t what, hid_t from, hid_t to, void *from_value,
                                  void *to_value, void *lost)
{
    if (what != H5T_CONV_EXCEPT_RANGE_HI && what != H5T_CONV_EXCEPT_RANGE_LOW &&
        what != H5T_CONV_EXCEPT_TRUNCATE) {
        return H5T_CONV_UNHANDLED;
    }
    *(bool *)lost = true;
    return H5T_CONV_ABORT;
}

/* The number type of this machine that holds the values of `from` on their way to `to`, or `from`
 * where none is needed. HDF5 tells rightly what is lost between this machine's floats and integers.
 * Of other floats (of the other byte order, of half precision) it calls every whole number from 1
 * on a cut one, and 0.5 and NaN no loss at all. */
static hid_t step_between(hid_t from, hid_t to)
{
    const size_t size   = H5Tget_size(from);
    const hid_t  floats = size <= sizeof(float)    ? H5T_NATIVE_FLOAT
                          : size <= sizeof(double) ? H5T_NATIVE_DOUBLE
                                                   : H5T_NATIVE_LDOUBLE;

    return H5Tget_class(from) == H5T_FLOAT && H5Tget_class(to) == H5T_INTEGER ? floats : from;
}

typedef struct conversion {
    hid_t transfer; /* stops at a value that does not fit */
    bool  lost;
} conversion;

static bool begin(conversion *c)
{
    c->lost     = false;
    c->transfer = H5Pcreate(H5P_DATASET_XFER);
    return c->transfer >= 0 && H5Pset_type_conv_cb(c->transfer, refuse_loss, &c->lost) >= 0;
}

/* Right after the last call of HDF5. */
static bool end(conversion *c, strict_read *r, bool done)
{
    r->why = done ? NULL : c->lost ? SLD_DOES_NOT_FIT : doc_reason(r->doc);
    if (c->transfer >= 0) H5Pclose(c->transfer);
    return done;
}

bool strict_convert(strict_read *r, hid_t from, size_t n, void *buffer)
{
    const hid_t to = type_in_memory(r->type), step = step_between(from, to);
    conversion  c = {.transfer = H5I_INVALID_HID};

    return end(&c, r,
               begin(&c) && H5Tconvert(from, step, n, buffer, NULL, c.transfer) >= 0 &&
                   H5Tconvert(step, to, n, buffer, NULL, c.transfer) >= 0);
}

typedef struct made {
    const void *values;
    size_t      bytes;
} made;

static herr_t hand_over(const void **values, size_t *bytes, void *all)
{
    const made *m = all;

    *values = m->values;
    *bytes  = m->bytes;
    return 0;
}

/* By way of the floats of this machine. */
static bool get_by_step(strict_read *r, hid_t dataset, hid_t step, hid_t there, hid_t from,
                        void *values)
{
    const hid_t    to     = type_in_memory(r->type);
    const hssize_t n      = H5Sget_select_npoints(from);
    const hid_t    packed = n < 0 ? -1 : H5Screate_simple(1, &(hsize_t){(hsize_t)n}, NULL);
    const size_t   size = H5Tget_size(step) > H5Tget_size(to) ? H5Tget_size(step) : H5Tget_size(to);
    void          *buffer = n < 0 ? NULL : calloc((size_t)n, size);
    made           m      = {buffer, (size_t)n * H5Tget_size(to)};
    conversion     c      = {.transfer = H5I_INVALID_HID};
    bool           done   = false;

    if (packed >= 0 && !buffer) {
        r->why = "out of memory";
    } else {
        done = end(&c, r,
                   begin(&c) && packed >= 0 &&
                       H5Dread(dataset, step, packed, from, c.transfer, buffer) >= 0 &&
                       H5Tconvert(step, to, (size_t)n, buffer, NULL, c.transfer) >= 0 &&
                       H5Dscatter(hand_over, &m, to, there, values) >= 0);
    }
    free(buffer);
    if (packed >= 0) H5Sclose(packed);
    return done;
}

bool strict_get(strict_read *r, hid_t dataset, hid_t there, hid_t from, void *values)
{
    const hid_t to = type_in_memory(r->type), type = H5Dget_type(dataset);
    const hid_t step = step_between(type, to);
    conversion  c    = {.transfer = H5I_INVALID_HID};
    bool        done;

    if (H5Tequal(to, type) > 0) { /* nothing to convert, so nothing to lose */
        done   = H5Dread(dataset, to, there, from, H5P_DEFAULT, values) >= 0;
        r->why = done ? NULL : doc_reason(r->doc);
    } else if (H5Tequal(step, type) > 0) {
        done = end(&c, r, begin(&c) && H5Dread(dataset, to, there, from, c.transfer, values) >= 0);
    } else {
        done = get_by_step(r, dataset, step, there, from, values);
    }
    if (type >= 0) H5Tclose(type);
    return done;
}
