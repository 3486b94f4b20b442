/* The processor's name in /proc/cpuinfo of x86-64, of arm64, and of one that tells none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sld/base_process.h"

static void expect_name(const char *text, const char *wanted)
{
    char  name[SLD_PROCESSOR_BYTES], copy[1024];
    FILE *file;

    snprintf(copy, sizeof copy, "%s", text);
    file = fmemopen(copy, strlen(copy), "r");
    assert_non_null(file);
    sld_processor_read(file, name);
    fclose(file);
    assert_string_equal(name, wanted);
}

static void test_names(void **state)
{
    expect_name("processor\t: 0\nmodel\t\t: 1\nmodel name\t: AMD EPYC 7763\nflags\t\t: fpu\n",
                "AMD EPYC 7763");
    expect_name("processor\t: 0\nFeatures\t: fp asimd\nCPU implementer\t: 0x41\n"
                "CPU architecture: 8\nCPU variant\t: 0x3\nCPU part\t: 0xd0c\nCPU revision\t: 1\n\n"
                "processor\t: 1\nCPU implementer\t: 0x42\nCPU part\t: 0xd0d\n",
                "implementer 0x41, part 0xd0c");
    expect_name("processor\t: 0\nhart\t\t: 1\nisa\t\t: rv64imafdc\n", "");
}

static void test_this_machine(void **state)
{
    char name[SLD_PROCESSOR_BYTES];

    sld_processor_name(name);
    assert_true(strlen(name) < SLD_PROCESSOR_BYTES && !strchr(name, '\n'));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_names),
                                       cmocka_unit_test(test_this_machine)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
