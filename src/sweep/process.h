/* process.h: the processes of an attempt, found by the word that their environment bears. */
#ifndef SLD_SWEEP_PROCESS_H
#define SLD_SWEEP_PROCESS_H

#include <stdint.h>

#include "sld/base_process.h"

/* "SLD_CLAIM=ID.N.COORDINATOR". */
#define SLD_CLAIM_NAME "SLD_CLAIM="
enum { SLD_CLAIM_BYTES = 96 };
void sld_process_word(const char *id, int64_t attempt, const char *coordinator,
                      char word[SLD_CLAIM_BYTES]);

/* Calls seen for each process on this machine that bears such a word. */
typedef void (*sld_process_seen)(pid_t pid, const char *word, void *user);
void sld_process_list(sld_process_seen seen, void *user);
bool sld_process_runs(pid_t pid, const char *program); /* or did before it was replaced; a zombie runs none */
/* Ends all processes on this machine whose environment holds the word, and waits for their end.
 * Returns how many there were. */
int sld_process_end_marked(const char *word);

#endif
