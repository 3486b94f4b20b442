/* mutate.c: main of a fuzz target in the suite, where no compiler looks for inputs that reach new code:
 * every seed as it is, then RUNS mutations of them, the same on every machine. Each lies in memory of
 * just its size, so that a read behind its end is found. The long search, with clang's libFuzzer, is
 * run_fuzz.py.
 *
 * usage: fuzz_TARGET RUNS SEED_FILE [...] */
#include "fuzz.h"

enum { LARGEST = 32768 };

typedef struct input {
    uint8_t bytes[LARGEST];
    size_t  n;
} input;

/* Numbers at which readers of counts and offsets break. */
static const uint32_t edges[] = {0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0xffffffff};

static uint32_t below(sld_rng *rng, size_t bound)
{
    return sld_rng_below(rng, (uint32_t)(bound ? bound : 1));
}

static void set_byte(input *in, sld_rng *rng)
{
    in->bytes[below(rng, in->n)] = (uint8_t)sld_rng_u32(rng);
}

static void flip_bit(input *in, sld_rng *rng)
{
    in->bytes[below(rng, in->n)] ^= (uint8_t)(1u << below(rng, 8));
}

static void set_edge(input *in, sld_rng *rng)
{
    const uint32_t edge  = edges[below(rng, sizeof edges / sizeof *edges)];
    const size_t   width = (size_t)1 << below(rng, 3), at = below(rng, in->n);

    for (size_t i = 0; i < width && at + i < in->n; i++) {
        in->bytes[at + i] = (uint8_t)(edge >> 8 * i);
    }
}

static void cut_end(input *in, sld_rng *rng)
{
    in->n = below(rng, in->n);
}

static void take_out(input *in, sld_rng *rng)
{
    const size_t at = below(rng, in->n), n = 1 + below(rng, in->n - at);

    memmove(in->bytes + at, in->bytes + at + n, in->n - at - n);
    in->n -= n;
}

/* A piece once more, before the place where it stands. */
static void repeat(input *in, sld_rng *rng)
{
    const size_t at = below(rng, in->n), n = 1 + below(rng, in->n - at);

    if (in->n + n <= LARGEST) {
        memmove(in->bytes + at + n, in->bytes + at, in->n - at);
        in->n += n;
    }
}

static void copy_over(input *in, sld_rng *rng)
{
    const size_t from = below(rng, in->n), to = below(rng, in->n);
    const size_t left = in->n - (from > to ? from : to);

    memmove(in->bytes + to, in->bytes + from, 1 + below(rng, left));
}

static void mutate(input *in, sld_rng *rng)
{
    static void (*const mutations[])(input *, sld_rng *) = {set_byte, flip_bit, set_edge, cut_end,
                                                            take_out, repeat,   copy_over};
    const uint32_t times                                 = 1 + below(rng, 4);

    for (uint32_t i = 0; i < times && in->n > 0; i++) {
        mutations[below(rng, sizeof mutations / sizeof *mutations)](in, rng);
    }
}

static void feed(const input *in)
{
    uint8_t *bytes = malloc(in->n ? in->n : 1);

    if (!bytes) {
        abort();
    }
    memcpy(bytes, in->bytes, in->n);
    (void)LLVMFuzzerTestOneInput(bytes, in->n);
    free(bytes);
}

static void read_seed(const char *path, input *in)
{
    FILE *f = fopen(path, "rb");

    if (!f) {
        perror(path);
        exit(2);
    }
    in->n = fread(in->bytes, 1, LARGEST, f);
    fclose(f);
}

int main(int argc, char **argv)
{
    static input seed, mutated;
    const long   runs = argc > 2 ? strtol(argv[1], NULL, 10) : 0;

    if (runs < 1) {
        fprintf(stderr, "usage: %s RUNS SEED_FILE [...]\n", argv[0]);
        return 2;
    }
    for (int s = 2; s < argc; s++) {
        read_seed(argv[s], &seed);
        feed(&seed);
        for (long i = 0; i < runs / (argc - 2); i++) {
            sld_rng rng = sld_rng_make((uint64_t)s, SLD_RNG_INIT, 0, (uint64_t)i);
            mutated     = seed;
            mutate(&mutated, &rng);
            feed(&mutated);
        }
    }
    return 0;
}
