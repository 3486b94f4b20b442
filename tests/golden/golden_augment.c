/* golden_augment FILE: every image of a file of the layout of augment.h5 through every operation
 * it names, byte for byte. Prints per case how many bytes differ and by how much; any difference,
 * an operation it does not know, or a file without a case is a failure. */
#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sld/data.h"

#define MAX_DIMS 5

typedef struct array { /* a data set in memory; values is owned */
    void   *values;
    hsize_t dims[MAX_DIMS];
    size_t  n;
} array;

typedef struct tally {
    int         n_cases, n_failed;
    const char *group;
    array       input; /* (n,H,W,C) uint8 of this group */
} tally;

/* False, with a line that says why, unless `name` is a data set of n_dims axes. */
static bool read_array(hid_t group, const char *name, int n_dims, hid_t type, array *out)
{
    bool        ok    = false;
    const hid_t set   = H5Lexists(group, name, H5P_DEFAULT) > 0 ? H5Dopen2(group, name, H5P_DEFAULT)
                                                                : H5I_INVALID_HID;
    const hid_t space = set >= 0 ? H5Dget_space(set) : H5I_INVALID_HID;

    memset(out, 0, sizeof *out);
    if (space >= 0 && H5Sget_simple_extent_ndims(space) == n_dims) {
        H5Sget_simple_extent_dims(space, out->dims, NULL);
        out->n      = (size_t)H5Sget_simple_extent_npoints(space);
        out->values = malloc(out->n * H5Tget_size(type) + 1);
        ok = out->values && H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, out->values) >= 0;
    }
    if (!ok) {
        printf("  %s: not a readable data set of %d axes\n", name, n_dims);
    }
    if (space >= 0) {
        H5Sclose(space);
    }
    if (set >= 0) {
        H5Dclose(set);
    }
    return ok;
}

/* Prints the verdict of one case and counts it. */
static void judge(tally *t, const char *name, const uint8_t *found, const uint8_t *wanted, size_t n)
{
    size_t n_differ = 0;
    int    worst    = 0;
    for (size_t i = 0; i < n; i++) {
        const int error = abs((int)found[i] - (int)wanted[i]);
        n_differ += error != 0;
        worst = error > worst ? error : worst;
    }
    const bool ok = n > 0 && n_differ == 0;
    printf("%-8s %-14s %8zu of %zu bytes differ, worst by %3d  %s\n", t->group, name, n_differ, n,
           worst, ok ? "ok" : "FAILED");
    t->n_cases++;
    t->n_failed += !ok;
}

static void fail_case(tally *t, const char *name, const char *why)
{
    printf("%-8s %-14s %s  FAILED\n", t->group, name, why);
    t->n_failed++;
}

/* output (v,n,H,W,C): value v applied to each of the n inputs. */
static void check_operation(tally *t, const char *name, hid_t group)
{
    sld_aug_op op = 0;
    while (op < SLD_AUG_OPS && strcmp(name, sld_aug_name(op)) != 0) {
        op++;
    }
    if (op == SLD_AUG_OPS) {
        fail_case(t, name, "unknown operation");
        return;
    }
    array      value, output = {0};
    const bool read = read_array(group, "value", 1, H5T_NATIVE_DOUBLE, &value) &&
                      read_array(group, "output", 5, H5T_NATIVE_UINT8, &output);
    uint8_t *found = malloc(output.n + 1);

    if (!read || !found || output.dims[0] != value.dims[0] ||
        memcmp(output.dims + 1, t->input.dims, 4 * sizeof(hsize_t)) != 0) {
        fail_case(t, name, "wants value (v) and output (v,n,H,W,C)");
    } else {
        const size_t H = output.dims[2], W = output.dims[3], C = output.dims[4];
        const size_t bytes = H * W * C, n = output.dims[1];
        for (size_t i = 0; i < value.n * n; i++) {
            const uint8_t *image = (const uint8_t *)t->input.values + i % n * bytes;
            sld_aug_apply(op, ((double *)value.values)[i / n], image, H, W, C, found + i * bytes);
        }
        judge(t, name, found, output.values, output.n);
    }
    free(found);
    free(output.values);
    free(value.values);
}

/* output (v,H,W,C): side v about centre v, on input[0]. */
static void check_cutout(tally *t, hid_t group)
{
    array      side, centre = {0}, output = {0};
    const bool read = read_array(group, "value", 1, H5T_NATIVE_DOUBLE, &side) &&
                      read_array(group, "centre", 2, H5T_NATIVE_DOUBLE, &centre) &&
                      read_array(group, "output", 4, H5T_NATIVE_UINT8, &output);
    uint8_t *found = malloc(output.n + 1);

    if (!read || !found || output.dims[0] != side.n || centre.n != 2 * side.n ||
        memcmp(output.dims + 1, t->input.dims + 1, 3 * sizeof(hsize_t)) != 0) {
        fail_case(t, "Cutout", "wants value (v), centre (v,2) and output (v,H,W,C)");
    } else {
        const size_t H = output.dims[1], W = output.dims[2], C = output.dims[3];
        for (size_t i = 0; i < side.n; i++) {
            uint8_t *image = found + i * H * W * C;
            memcpy(image, t->input.values, H * W * C);
            sld_aug_cutout(((double *)side.values)[i], (double *)centre.values + 2 * i, image, H, W,
                           C);
        }
        judge(t, "Cutout", found, output.values, output.n);
    }
    free(found);
    free(output.values);
    free(centre.values);
    free(side.values);
}

static herr_t visit_operation(hid_t parent, const char *name, const H5L_info_t *info, void *data)
{
    tally *t = data;
    if (strcmp(name, "input") == 0) {
        return 0;
    }
    const hid_t group = H5Gopen2(parent, name, H5P_DEFAULT);
    if (group < 0) {
        fail_case(t, name, "not a group");
        return 0;
    }
    if (strcmp(name, "Cutout") == 0) {
        check_cutout(t, group);
    } else {
        check_operation(t, name, group);
    }
    H5Gclose(group);
    return 0;
}

static herr_t visit_size(hid_t file, const char *name, const H5L_info_t *info, void *data)
{
    tally      *t     = data;
    const hid_t group = H5Gopen2(file, name, H5P_DEFAULT);

    t->group = name;
    if (group < 0 || !read_array(group, "input", 4, H5T_NATIVE_UINT8, &t->input) ||
        t->input.n == 0 || (t->input.dims[3] != 1 && t->input.dims[3] != 3)) {
        fail_case(t, "input", "wants a group with input (n,H,W,C), C 1 or 3");
    } else if (H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, NULL, visit_operation, t) < 0) {
        fail_case(t, "", "cannot be listed");
    }
    free(t->input.values);
    t->input.values = NULL;
    if (group >= 0) {
        H5Gclose(group);
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: golden_augment FILE\n");
        return 2;
    }
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL); /* this program says itself what went wrong */
    const hid_t file = H5Fopen(argv[1], H5F_ACC_RDONLY, H5P_DEFAULT);
    if (file < 0) {
        fprintf(stderr, "%s: not a readable HDF5 file\n", argv[1]);
        return 1;
    }
    tally        t      = {0};
    const herr_t listed = H5Literate(file, H5_INDEX_NAME, H5_ITER_INC, NULL, visit_size, &t);
    H5Fclose(file);

    printf("%d cases, %d failed\n", t.n_cases, t.n_failed);
    return listed < 0 || t.n_cases == 0 || t.n_failed > 0;
}
