/* word.c: reads the value of a word of the command line, key=value. What a shell hands over is whole: text
 * is taken as it stands, and no part of any other value may be lost as a comment. */
#include <string.h>

#include "config_state.h"
#include "utf8.h"
#include "word.h"

static const char command_line[] = "command line";

/* Whether quotes of its own enclose the word, as in name="'a b'". YAML would fold line breaks inside. */
static bool is_quoted(const char *word)
{
    const size_t n = strlen(word);

    return n >= 2 && (*word == '"' || *word == '\'') && word[n - 1] == *word &&
           !strpbrk(word, "\t\r\n");
}

static sld_status take_whole(sld_ctx *ctx, sld_arena *arena, const char *key, const char *word,
                             const sld_node **out)
{
    const sld_location at     = {.source = command_line};
    void              *memory = NULL;
    sld_node          *node;

    SLD_TRY(sld_utf8_check(ctx, &at, key, word, strlen(word)));
    SLD_TRY(sld_arena_alloc(ctx, arena, sizeof *node, &memory));
    node  = memory;
    *node = (sld_node){.kind   = SLD_NODE_SCALAR,
                       .source = command_line,
                       .text   = sld_arena_strdup(arena, word),
                       .length = strlen(word)};
    *out  = node;
    return node->text ? SLD_OK : SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: the command line");
}

sld_status sld_yaml_word(sld_ctx *ctx, sld_arena *arena, const char *key, const char *word,
                         bool text, const sld_node **out)
{
    return text && !is_quoted(word) ? take_whole(ctx, arena, key, word, out)
                                    : sld_yaml_alone(ctx, arena, command_line, key, word, out);
}
