/* out.h - where a command's output goes: stdout, or a file that is written whole or not at all. */
#ifndef TOOLS_OUT_H
#define TOOLS_OUT_H

#include <stdio.h>

#include "dataplug/base.h"

struct out;

/*
 * NULL and "-" are stdout. A file is written beside its place and put there by out_commit(), so
 * that a failure leaves what was there; devices and pipes are written at once.
 */
dp_code out_open(struct out **to, const char *path, dp_error *err);
/* A dp_write_fn: user is the out. DP_EWRITE if it cannot be written, also where its reader closed
 * the pipe. */
dp_code out_write(void *user, const void *data, size_t len, dp_error *err);
dp_code out_print(struct out *to, dp_error *err, const char *fmt, ...) DP_PRINTF(3, 4);
/* Writes what fill prints. */
dp_code out_text(struct out *to, void (*fill)(FILE *text, const void *user), const void *user,
		 dp_error *err);
/* Hands on what is buffered. */
dp_code out_flush(struct out *to, dp_error *err);
/* All was written: makes the file appear. */
dp_code out_commit(struct out *to, dp_error *err);
/* Whether writing failed because nobody reads any more: no error to tell of. */
bool out_closed(const struct out *to);
/* Drops what was not committed. */
void out_free(struct out *to);
/* exit_report() of a command that writes, silent if the output's reader has gone; to may be NULL.
 */
int out_report(const struct out *to, const char *object, dp_code code, const dp_error *err);

/* A whole command: writes what fill prints to stdout. Gives the exit code. */
int out_page(void (*fill)(FILE *text, const void *user), const void *user);

#endif
