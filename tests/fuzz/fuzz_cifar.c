/* fuzz_cifar.c: CIFAR-100's binary files, with their lists of names. */
#include "fuzz_formats.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const char *const names[] = {"train.bin", "test.bin", "fine_label_names.txt",
                                        "coarse_label_names.txt"};

    fuzz_files(names, 4, bytes, n);
    fuzz_format(&sld_format_cifar100);
    return 0;
}
