/* fuzz_idx.c: the files of the MNIST family. */
#include "fuzz_formats.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const char *const names[] = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte",
                                        "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"};

    fuzz_files(names, 4, bytes, n);
    fuzz_format(&sld_format_idx);
    return 0;
}
