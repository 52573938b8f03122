/* stats.h - what a command cost: requests, bytes, time; printed where --stats asks for it. */
#ifndef TOOLS_STATS_H
#define TOOLS_STATS_H

#include "command.h"

/* The clock runs from here on. */
void stats_start(void);
/* Adds stored bytes that the command's work is about: of the objects that are indexed or verified,
 * or of the records that are fetched. From any thread. */
void stats_need(uint64_t bytes);
/* Prints a line on stderr if the command has --stats: JSON beside --json. */
void stats_print(const struct tool *tool);

#endif
