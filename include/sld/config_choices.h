/* sld/config_choices.h: the words that an option of a fixed set takes, and the enum of each set.
 * The type column of options.def names the set: a word stands here and nowhere else. */
#ifndef SLD_CONFIG_CHOICES_H
#define SLD_CONFIG_CHOICES_H

// clang-format off
#define SLD_CHOICES_method(X)                      /* names of distill's table of methods */ \
    X(SLD_METHOD_NONE, "none")                                                               \
    X(SLD_METHOD_KD,   "kd")                                                                 \
    X(SLD_METHOD_LSKD, "lskd")                                                               \
    X(SLD_METHOD_DKD,  "dkd")                                                                \
    X(SLD_METHOD_MLKD, "mlkd")                                                               \
    X(SLD_METHOD_NKD,  "nkd")                                                                \
    X(SLD_METHOD_RLD,  "rld")                                                                \
    X(SLD_METHOD_RC,   "rc")                                                                 \
    X(SLD_METHOD_LR,   "lr")                                                                 \
    X(SLD_METHOD_CTKD, "ctkd")                                                               \
    X(SLD_METHOD_SLD,  "sld")
#define SLD_CHOICES_correction(X)                  /* names of distill's table of corrections */ \
    X(SLD_CORRECTION_NONE,   "none")                                                         \
    X(SLD_CORRECTION_SWAP,   "swap")                                                         \
    X(SLD_CORRECTION_GA,     "ga")                                                           \
    X(SLD_CORRECTION_RAISE,  "raise")                                                        \
    X(SLD_CORRECTION_MIX,    "mix")                                                          \
    X(SLD_CORRECTION_SKIP,   "skip")                                                         \
    X(SLD_CORRECTION_RANDOM, "random")                                                       \
    X(SLD_CORRECTION_TRANSLATE, "translate")                                                 \
    X(SLD_CORRECTION_REORDER, "reorder")
#define SLD_CHOICES_loss(X)                        /* names of distill's table of teacher losses */ \
    X(SLD_LOSS_KL,   "kl")                                                                   \
    X(SLD_LOSS_DKD,  "dkd")                                                                  \
    X(SLD_LOSS_MLKD, "mlkd")                                                                 \
    X(SLD_LOSS_NKD,  "nkd")                                                                  \
    X(SLD_LOSS_RLD,  "rld")                                                                  \
    X(SLD_LOSS_RC,   "rc")                                                                   \
    X(SLD_LOSS_LR,   "lr")                                                                   \
    X(SLD_LOSS_CTKD, "ctkd")
#define SLD_CHOICES_format(X)                                                                \
    X(SLD_FORMAT_SYNTHETIC, "synthetic")                                                     \
    X(SLD_FORMAT_CIFAR10,   "cifar10")                                                       \
    X(SLD_FORMAT_CIFAR100,  "cifar100")                                                      \
    X(SLD_FORMAT_IDX,       "idx")                                                           \
    X(SLD_FORMAT_HDF5,      "hdf5")
#define SLD_CHOICES_noise(X)                                                                 \
    X(SLD_NOISE_UNIFORM,  "uniform")                                                         \
    X(SLD_NOISE_SIBLINGS, "siblings")
#define SLD_CHOICES_crop(X)                                                                  \
    X(SLD_CROP_PAD,     "pad")                                                               \
    X(SLD_CROP_RESIZED, "resized")
#define SLD_CHOICES_arithmetic(X)                                                            \
    X(SLD_ARITHMETIC_F32,  "f32")                                                            \
    X(SLD_ARITHMETIC_BF16, "bf16")
#define SLD_CHOICES_best_on(X)                                                               \
    X(SLD_BEST_ON_AUTO, "auto")                                                              \
    X(SLD_BEST_ON_TEST, "test")                                                              \
    X(SLD_BEST_ON_VAL,  "val")
#define SLD_CHOICES_isa(X)                                                                   \
    X(SLD_ISA_AUTO,   "auto")                                                                \
    X(SLD_ISA_AVX2,   "avx2")                                                                \
    X(SLD_ISA_AVX512, "avx512")
#define SLD_CHOICES_features(X)                                                              \
    X(SLD_FEATURES_NONE, "none")                                                             \
    X(SLD_FEATURES_TEST, "test")
#define SLD_CHOICE_SETS(SET) \
    SET(method) SET(correction) SET(loss) SET(format) SET(noise) SET(crop) SET(arithmetic) SET(best_on) SET(isa) \
    SET(features)

#define SLD_CHOICE_VALUE_(value, word) value,
#define SLD_CHOICE_ENUM_(set) typedef enum { SLD_CHOICES_##set(SLD_CHOICE_VALUE_) } sld_choice_##set;
SLD_CHOICE_SETS(SLD_CHOICE_ENUM_)
// clang-format on
#undef SLD_CHOICE_ENUM_
#undef SLD_CHOICE_VALUE_

#endif
