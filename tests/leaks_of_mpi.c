/* leaks_of_mpi.c: the calls that start and end MPI, for builds with the address sanitizer. What the library allocates there
 * and keeps is no leak of sld's. LeakSanitizer would find it at the end of each process and look a name up for each frame
 * of each allocation: two thirds of a short test. */
#include <mpi.h>
#include <sanitizer/lsan_interface.h>

int MPI_Init(int *argc, char ***argv)
{
    __lsan_disable();
    const int code = PMPI_Init(argc, argv);
    __lsan_enable();
    return code;
}

int MPI_Init_thread(int *argc, char ***argv, int wanted, int *got)
{
    __lsan_disable();
    const int code = PMPI_Init_thread(argc, argv, wanted, got);
    __lsan_enable();
    return code;
}

int MPI_Finalize(void)
{
    __lsan_disable();
    const int code = PMPI_Finalize();
    __lsan_enable();
    return code;
}
