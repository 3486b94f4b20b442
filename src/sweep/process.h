/* process.h: finds the processes of an attempt by a variable in their environment, SLD_CLAIM. The
 * word of a process is that entry of its environment, "SLD_CLAIM=ID.ATTEMPT.COORDINATOR". */
#ifndef SLD_SWEEP_PROCESS_H
#define SLD_SWEEP_PROCESS_H

#include <stdint.h>

#include "sld/base_process.h"

#define SLD_CLAIM_NAME "SLD_CLAIM="
enum { SLD_CLAIM_BYTES = 96 };
void sld_process_word(const char *id, int64_t attempt, const char *coordinator,
                      char word[SLD_CLAIM_BYTES]);

/* Calls seen() for each process on this machine that has such a word. */
typedef void (*sld_process_seen)(pid_t pid, const char *word, void *user);
void sld_process_list(sld_process_seen seen, void *user);
/* Whether the process executes this program file, also if the file was replaced since. A zombie
 * does not. */
bool sld_process_runs(pid_t pid, const char *program);
/* Kills all processes on this machine that have the word, and waits up to 10 s for their end.
 * Returns how many there were. */
int sld_process_end_marked(const char *word);

#endif
