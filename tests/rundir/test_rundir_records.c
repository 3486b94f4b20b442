/* The small texts that a trial leaves for its coordinator, and the text that names it. */
#include "fixture.h"

static void progress_is_read_back(void **state)
{
    const sld_progress at = {.epoch  = 3,
                             .epochs = 240,
                             .step   = 17,
                             .steps  = 781,
                             .left_s = 86400,
                             .beat_s = 123456,
                             .ranks  = 2};
    char               text[SLD_PROGRESS_BYTES];
    sld_progress       out;
    fixture           *f = *state;

    sld_progress_text(&at, text);
    assert_string_equal(text,
                        "epoch 3 of 240 step 17 of 781 left 86400 s beat 123456 ranks 2     \n");
    assert_true(sld_progress_parse(text, &out));
    assert_int_equal(out.epoch, 3);
    assert_int_equal(out.epochs, 240);
    assert_int_equal(out.step, 17);
    assert_int_equal(out.steps, 781);
    assert_true(out.left_s == 86400 && out.beat_s == 123456);
    assert_int_equal(out.ranks, 2);
    put(f, "progress-a4", text);
    sld_progress_read(f->dir, 4, text);
    assert_true(sld_progress_parse(text, &out));
    sld_progress_read(f->dir, 5, text);
    assert_string_equal(text, "");
}

static void half_a_line_is_no_progress(void **state)
{
    static const char *const texts[] = {"", "\n", "epoch 3 of 240 step 17 of", "epoch x of y",
                                        "step 3 of 4 epoch 1 of 2 left 0 s beat 0"};
    sld_progress             out;

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        assert_false(sld_progress_parse(texts[i], &out));
        assert_int_equal(out.epochs, 0);
    }
}

static void an_outcome_is_read_back(void **state)
{
    fixture        *f  = *state;
    sld_run_outcome in = {.end = SLD_END_FAILED, .epoch = 2, .step = 5}, out;

    snprintf(in.message, sizeof in.message, "x.h5: /a: \"1 %%\"\nend done\nepoch 9 step 9");
    (void)SLD_FAIL(&f->ctx, SLD_ERR_IO, "the error of the attempt");
    sld_outcome_write(&f->ctx, f->dir, 3, &in);
    assert_string_equal(f->ctx.err.msg, "the error of the attempt");
    sld_outcome_read(f->dir, 3, &out);
    assert_int_equal(out.end, SLD_END_FAILED);
    assert_int_equal(out.epoch, 2);
    assert_int_equal(out.step, 5);
    assert_string_equal(out.message, "x.h5: /a: \"1 %\" end done epoch 9 step 9"); /* one line */
    sld_outcome_remove(f->dir, 3);
    sld_outcome_read(f->dir, 3, &out);
    assert_int_equal(out.end, SLD_END_UNKNOWN);
    assert_string_equal(out.message, "");
    put(f, "outcome-a4", "end exploded\nmessage");
    sld_outcome_read(f->dir, 4, &out);
    assert_int_equal(out.end, SLD_END_UNKNOWN);
}

/* Every end has a word of its own. */
static void all_ends_are_told_apart(void **state)
{
    fixture        *f = *state;
    sld_run_outcome out;

    for (int end = SLD_END_DONE; end < SLD_END_COUNT; end++) {
        const sld_run_outcome in = {.end = (sld_end)end};
        sld_outcome_write(&f->ctx, f->dir, 1, &in);
        sld_outcome_read(f->dir, 1, &out);
        assert_int_equal(out.end, end);
    }
}

static void the_id_follows_from_options_and_inputs(void **state)
{
    static const sld_inputs inputs[] = {
        {.data = "a"},
        {.data = "b"},
        {.data = "a", .teacher = "c"},
        {.data = "a", .teacher_logits = "c"},
        {.data = "a", .student = "c"},
        {.data = "a", .teacher = "c", .student = "c"},
    };
    fixture    *f = *state;
    sld_arena  *arena;
    char        ids[COUNT(inputs) + 1][SLD_ID_LENGTH + 1];
    const char *text;

    assert_int_equal(sld_arena_create(&f->ctx, &arena), SLD_OK);
    for (size_t i = 0; i <= COUNT(inputs); i++) {
        const bool last = i == COUNT(inputs);
        assert_int_equal(sld_identity_text(&f->ctx, arena, last ? "x: 2\n" : "x: 1\n",
                                           &inputs[last ? 0 : i], &text),
                         SLD_OK);
        sld_identity_id(text, ids[i]);
        assert_int_equal(strlen(ids[i]), SLD_ID_LENGTH);
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(ids[i], ids[j]);
        }
    }
    assert_int_equal(sld_identity_text(&f->ctx, arena, "x: 1\n", &inputs[5], &text), SLD_OK);
    assert_string_equal(text, "x: 1\ndata: a\nteacher: c\nstudent: c\n");
    sld_arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(progress_is_read_back, folder_make, folder_remove),
        cmocka_unit_test(half_a_line_is_no_progress),
        cmocka_unit_test_setup_teardown(an_outcome_is_read_back, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(all_ends_are_told_apart, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(the_id_follows_from_options_and_inputs, folder_make,
                                        folder_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
