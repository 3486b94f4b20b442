/* enums.c: labels of an HDF5 enumeration, whose names sld does not read: the numbers must mean the
 * same in train and test. */
#include <stdlib.h>
#include <string.h>

#include "unread.h"

static int by_value(const void *pa, const void *pb)
{
    const int64_t a = ((const sld_enum *)pa)->value, b = ((const sld_enum *)pb)->value;

    return (a > b) - (a < b);
}

static int by_name(const void *pa, const void *pb)
{
    return strcmp(((const sld_enum *)pa)->name, ((const sld_enum *)pb)->name);
}

/* Finds in test a member of train that has its name alone, or its number alone; *other: what it is
 * there. Both lists come in order of `compare`. */
static const sld_enum *find_other(const sld_enum *train, size_t n_train, const sld_enum *test,
                                  size_t n_test, int (*compare)(const void *, const void *),
                                  const sld_enum **other)
{
    for (size_t i = 0, j = 0; i < n_train && j < n_test;) {
        const int order = compare(&train[i], &test[j]);

        if (order == 0 && (by_name(&train[i], &test[j]) || by_value(&train[i], &test[j]))) {
            *other = &test[j];
            return &train[i];
        }
        i += order <= 0;
        j += order >= 0;
    }
    return NULL;
}

static bool is_boolean(const sld_enum *member, size_t n)
{
    return n == 2 && strcmp(member[0].name, "FALSE") == 0 && strcmp(member[1].name, "TRUE") == 0;
}

sld_status sld_data_check_enums(sld_ctx *ctx, sld_doc *doc, const char *const path[SPLITS],
                                bool named)
{
    sld_enum       *member[SPLITS] = {NULL};
    size_t          n[SPLITS]      = {0};
    const sld_enum *other          = NULL, *found;
    sld_status      st             = SLD_OK;

    for (int split = 0; split < SPLITS && st == SLD_OK; split++) {
        st = sld_doc_get_enum(ctx, doc, path[split], &n[split], &member[split]);
    }
    found = find_other(member[SPLIT_TRAIN], n[SPLIT_TRAIN], member[SPLIT_TEST], n[SPLIT_TEST],
                       by_name, &other);
    if (!found && st == SLD_OK) {
        for (int split = 0; split < SPLITS; split++) {
            if (n[split] > 0) {
                qsort(member[split], n[split], sizeof *member[split], by_value);
            }
        }
        found = find_other(member[SPLIT_TRAIN], n[SPLIT_TRAIN], member[SPLIT_TEST], n[SPLIT_TEST],
                           by_value, &other);
    }
    if (found && st == SLD_OK) {
        st = SLD_FAIL(ctx, SLD_ERR_DATA,
                      "%s: %s: expected an enumeration that numbers its names as that of %s does, "
                      "got %.60s = %lld where that has %.60s = %lld; number them alike",
                      sld_doc_path(doc), path[SPLIT_TEST], path[SPLIT_TRAIN], other->name,
                      (long long)other->value, found->name, (long long)found->value);
    }
    const int first = n[SPLIT_TRAIN] > 0 ? SPLIT_TRAIN : SPLIT_TEST;
    if (st == SLD_OK && !named && n[first] > 0 && !is_boolean(member[first], n[first])) {
        sld_log(
            ctx, SLD_LOG_WARN,
            "%s: the names in the enumeration of %s are not read: names of classes are the data "
            "set /class_names, f[\"class_names\"]",
            sld_doc_path(doc), path[first]);
    }
    for (int split = 0; split < SPLITS; split++) {
        free(member[split]);
    }
    return st;
}
