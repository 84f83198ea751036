/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* What the verbs share: reading and writing files, printing. */
#include "harness/cli/cli.h"

#include "harness/base/mem.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COLUMNS 78
#define NEAR_MAX 64

int cli_usage(const struct cmd *cmd)
{
    fprintf(stderr, "usage: latchkey %s %s\n", cmd->name, cmd->args);
    return CLI_USAGE;
}

int cli_read(const char *verb, const char *path, size_t max, struct wr *out)
{
    int standard = strcmp(path, "-") == 0;
    const char *name = standard ? "standard input" : path;
    char buf[16384];
    size_t n = 0;
    wr_init(out);
    FILE *f = standard ? stdin : fopen(path, "rb");
    if (f == NULL) {
        fprintf(stderr, "latchkey %s: %s: %s\n", verb, name, strerror(errno));
        return CLI_INVALID;
    }
    errno = 0;
    while (out->err == STATUS_OK && out->len <= max &&
           (n = fread(buf, 1, sizeof buf, f)) > 0) {
        wr_bytes(out, buf, n);
    }
    int why = ferror(f) ? errno : 0;
    if (!standard) {
        fclose(f);
    }
    if (why != 0) {
        fprintf(stderr, "latchkey %s: %s: %s\n", verb, name, strerror(why));
        return CLI_INVALID;
    }
    if (out->err != STATUS_OK) {
        fprintf(stderr, "latchkey %s: %s: %s\n", verb, name,
                status_name(out->err));
        return CLI_INTERNAL;
    }
    if (out->len > max) {
        fprintf(stderr, "latchkey %s: %s: larger than %zu octets\n", verb, name,
                max);
        return CLI_INVALID;
    }
    return CLI_OK;
}

static int write_all(int fd, struct view v)
{
    size_t done = 0;
    while (done < v.len) {
        ssize_t n = write(fd, v.data + done, v.len - done);
        if (n < 0 && errno != EINTR) {
            return 0;
        }
        done += n > 0 ? (size_t)n : 0;
    }
    return 1;
}

int cli_write(const char *verb, const char *path, struct view octets,
              int secret)
{
    char *tmp = mem_printf("%s.XXXXXX", path);
    if (tmp == NULL) {
        fprintf(stderr, "latchkey %s: out of memory\n", verb);
        return CLI_INTERNAL;
    }
    int fd = mkstemp(tmp);
    int ok = fd >= 0 && write_all(fd, octets) &&
             fchmod(fd, secret ? 0600 : 0644) == 0;
    int why = errno;
    if (fd >= 0 && close(fd) != 0 && ok) {
        ok = 0;
        why = errno;
    }
    if (ok && rename(tmp, path) != 0) {
        ok = 0;
        why = errno;
    }
    if (!ok) {
        fprintf(stderr, "latchkey %s: cannot write %s: %s\n", verb, path,
                strerror(why));
        if (fd >= 0) {
            unlink(tmp);
        }
    }
    mem_free(tmp);
    return ok ? CLI_OK : CLI_INVALID;
}

int cli_print(const char *verb, struct wr *w)
{
    int code = CLI_OK;
    if (w->err != STATUS_OK) {
        fprintf(stderr, "latchkey %s: %s\n", verb, status_name(w->err));
        code = CLI_INTERNAL;
    } else if (fwrite(w->data, 1, w->len, stdout) != w->len ||
               fflush(stdout) != 0) {
        fprintf(stderr, "latchkey %s: standard output: %s\n", verb,
                strerror(errno));
        code = CLI_INTERNAL;
    }
    wr_cleanup(w);
    return code;
}

int cli_print_json(const char *verb, json_t *value)
{
    char *text = value != NULL ? json_dumps(value, JSON_INDENT(1)) : NULL;
    struct wr w;
    json_decref(value);
    wr_init(&w);
    if (text == NULL) {
        w.err = STATUS_NO_MEMORY;
    } else {
        wr_str(&w, text);
        wr_str(&w, "\n");
    }
    free(text);
    return cli_print(verb, &w);
}

/* Columns of the first n octets of UTF-8 text. */
static size_t columns(const char *s, size_t n)
{
    size_t c = 0;
    for (size_t i = 0; i < n; i++) {
        c += ((unsigned char)s[i] & 0xc0) != 0x80;
    }
    return c;
}

void cli_wrap(struct wr *w, const char *text, size_t indent)
{
    size_t col = indent;
    int first = 1;
    while (*text != '\0') {
        size_t blanks = strspn(text, " \t\r\n");
        text += blanks;
        size_t n = strcspn(text, " \t\r\n");
        size_t c = columns(text, n);
        if (n == 0) {
            break;
        }
        if (!first && col + 1 + c > COLUMNS) {
            wr_printf(w, "\n%*s", (int)indent, "");
            col = indent;
        } else if (!first) {
            wr_str(w, " ");
            col++;
        }
        wr_bytes(w, text, n);
        col += c;
        text += n;
        first = 0;
    }
    wr_str(w, "\n");
}

int cli_number(const char *text, uint64_t max, uint64_t *out)
{
    char *end = NULL;
    if (!isdigit((unsigned char)text[0])) {
        return 0;
    }
    errno = 0;
    unsigned long long v = strtoull(text, &end, 0);
    if (errno != 0 || *end != '\0' || v > max) {
        return 0;
    }
    *out = v;
    return 1;
}

size_t cli_near(const char *a, const char *b)
{
    size_t row[NEAR_MAX + 1];
    size_t la = strnlen(a, NEAR_MAX);
    size_t lb = strnlen(b, NEAR_MAX);
    for (size_t j = 0; j <= lb; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= la; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= lb; j++) {
            size_t cost = diagonal + (toupper((unsigned char)a[i - 1]) !=
                                      toupper((unsigned char)b[j - 1]));
            diagonal = row[j];
            size_t drop = row[j] + 1;
            size_t insert = row[j - 1] + 1;
            row[j] = cost < drop ? cost : drop;
            row[j] = row[j] < insert ? row[j] : insert;
        }
    }
    return row[lb];
}
