/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Searches what the mailbox keeps for what it must not know: secrets of the key
 * log and canaries, raw, in hex and in base64. */
#define _GNU_SOURCE /* memmem */
#include "harness/scenario/play_int.h"

#include "capture/keylog.h"
#include "harness/base/mem.h"
#include "harness/base/text.h"

#include <ctype.h>
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#define MIN_SECRET 14
#define MAX_FILE (64u << 20)
#define MAX_HITS 100
#define MAX_PATTERNS 4096

struct pattern {
    char *label;
    uint8_t *data;
    size_t len;
    int any_case; /* hex */
};

struct scan {
    struct pattern *patterns;
    size_t num;
    json_t *hits;
    size_t files;
};

static void add_pattern(struct scan *s, const char *label, const char *form,
                        const uint8_t *data, size_t len, int any_case)
{
    struct pattern *p = s->num < MAX_PATTERNS
                            ? mem_resize(s->patterns, (s->num + 1) * sizeof *p)
                            : NULL;
    if (p == NULL || len < MIN_SECRET) {
        s->patterns = p != NULL ? p : s->patterns;
        return;
    }
    s->patterns = p;
    p += s->num++;
    *p = (struct pattern){.label = mem_printf("%s %s", label, form),
                          .data = mem_dup(data, len),
                          .len = len,
                          .any_case = any_case};
    if (p->label == NULL || p->data == NULL) {
        mem_free(p->label);
        mem_free(p->data);
        s->num--;
    }
}

/* Base64 of octets that begin at any of the three places of a group: only
 * digits that depend on the secret alone are looked for. */
static void add_base64(struct scan *s, const char *label, const uint8_t *data,
                       size_t len)
{
    for (size_t shift = 0; shift < 3; shift++) {
        uint8_t *padded = mem_alloc(len + shift);
        if (padded == NULL) {
            return;
        }
        memcpy(padded + shift, data, len);
        char *b64 = base64_new(padded, len + shift);
        size_t from = shift == 0 ? 0 : shift + 1;
        size_t to = (len + shift) * 8 / 6;
        if (b64 != NULL && to > from) {
            add_pattern(s, label, "in base64", (uint8_t *)b64 + from, to - from,
                        0);
        }
        mem_free(b64);
        mem_free(padded);
    }
}

static void add_secret(struct scan *s, const char *label, const uint8_t *data,
                       size_t len)
{
    if (len < MIN_SECRET) {
        return;
    }
    char *hex = hex_new(data, len);
    add_pattern(s, label, "raw", data, len, 0);
    if (hex != NULL) {
        add_pattern(s, label, "in hex", (uint8_t *)hex, strlen(hex), 1);
    }
    mem_free(hex);
    add_base64(s, label, data, len);
}

/* IBE_PARAMS are public; everything else is not for the mailbox. */
static void load_patterns(struct scan *s, const char *keys_path)
{
    FILE *f = fopen(keys_path, "re");
    char *line = NULL;
    size_t cap = 0;
    while (f != NULL && getline(&line, &cap, f) > 0) {
        char *save = NULL;
        char *label = strtok_r(line, " \t\n", &save);
        char *lookup = strtok_r(NULL, " \t\n", &save);
        char *secret = strtok_r(NULL, " \t\n", &save);
        if (label == NULL || label[0] == '#' || lookup == NULL ||
            secret == NULL || strcmp(label, "IBE_PARAMS") == 0) {
            continue;
        }
        size_t len = 0;
        uint8_t *data = mem_alloc(strlen(secret) / 2 + 1);
        if (data != NULL && hex_decode(data, strlen(secret) / 2 + 1, &len,
                                       secret, strlen(secret)) == STATUS_OK) {
            add_secret(s, label, data, len);
        }
        mem_free(data);
    }
    free(line);
    if (f != NULL) {
        fclose(f);
    }
}

static const uint8_t *find(const uint8_t *hay, size_t len,
                           const struct pattern *p)
{
    if (!p->any_case) {
        return len >= p->len ? memmem(hay, len, p->data, p->len) : NULL;
    }
    for (size_t i = 0; i + p->len <= len; i++) {
        size_t k = 0;
        while (k < p->len && tolower(hay[i + k]) == p->data[k]) {
            k++;
        }
        if (k == p->len) {
            return hay + i;
        }
    }
    return NULL;
}

static void search(struct scan *s, const char *name, const uint8_t *data,
                   size_t len)
{
    for (size_t i = 0; i < s->num && json_array_size(s->hits) < MAX_HITS; i++) {
        const uint8_t *at = find(data, len, &s->patterns[i]);
        if (at != NULL) {
            json_array_append_new(s->hits,
                                  json_pack("{s:s s:I s:s}", "file", name,
                                            "offset", (json_int_t)(at - data),
                                            "what", s->patterns[i].label));
        }
    }
}

static void scan_file(struct scan *s, const char *path, const char *name)
{
    FILE *f = fopen(path, "rbe");
    struct stat st;
    if (f == NULL) {
        return;
    }
    if (fstat(fileno(f), &st) == 0 && st.st_size >= 0 &&
        (uint64_t)st.st_size <= MAX_FILE) {
        uint8_t *data = mem_alloc((size_t)st.st_size + 1);
        size_t n = data != NULL ? fread(data, 1, (size_t)st.st_size, f) : 0;
        if (data != NULL) {
            s->files++;
            search(s, name, data, n);
        }
        mem_free(data);
    }
    fclose(f);
}

static void scan_dir(struct scan *s, const char *path, const char *name)
{
    DIR *d = opendir(path);
    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) {
            continue;
        }
        char *sub = mem_printf("%s/%s", path, e->d_name);
        char *shown = mem_printf("%s/%s", name, e->d_name);
        struct stat st;
        if (sub != NULL && shown != NULL && lstat(sub, &st) == 0) {
            if (S_ISDIR(st.st_mode)) {
                scan_dir(s, sub, shown);
            } else if (S_ISREG(st.st_mode)) {
                scan_file(s, sub, shown);
            }
        }
        mem_free(sub);
        mem_free(shown);
    }
    if (d != NULL) {
        closedir(d);
    }
}

void store_scan(struct play *p)
{
    struct party *mb = play_party(p, "MB");
    char *path = mem_printf("%s/store", p->cfg->out);
    struct stat st;
    struct scan s = {.hits = json_array()};
    if (mb != NULL && path != NULL && s.hits != NULL && stat(path, &st) == 0) {
        load_patterns(&s, p->keys_path);
        scan_dir(&s, path, "store");
        evidence_add(p, json_pack("{s:s s:s s:s s:I s:O}", "kind", "store",
                                  "role", mb->role, "path", "store", "files",
                                  (json_int_t)s.files, "hits", s.hits));
    }
    for (size_t i = 0; i < s.num; i++) {
        mem_free(s.patterns[i].label);
        mem_wipe(s.patterns[i].data, s.patterns[i].len);
        mem_free(s.patterns[i].data);
    }
    mem_free(s.patterns);
    json_decref(s.hits);
    mem_free(path);
}
