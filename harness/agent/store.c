/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The mailbox's messages on disk: one folder a message, made as a draft and
 * renamed when complete. */
#include "harness/agent/store.h"

#include "harness/base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Layout:
 *   DIR/draft-<pid>-<n>/           being written; removed at the next start
 *   DIR/dd-<nnnnnn>/message.json   head
 *                  /i2.mikey       I_MESSAGE_2 octets
 *                  /media.rtp      (16-bit length, octets)*
 *                  /seen           exists once the message was delivered
 */
struct store {
    char *dir;
    unsigned next_id;
    unsigned next_draft;
};

struct store_draft {
    struct store *store;
    char *dir;
    FILE *media;
    size_t packets;
};

static int is_message(const char *name)
{
    return strncmp(name, "dd-", 3) == 0 &&
           strspn(name + 3, "0123456789") == strlen(name + 3) &&
           name[3] != '\0';
}

static void remove_dir(const char *dir)
{
    DIR *d = opendir(dir);
    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) {
            unlinkat(dirfd(d), e->d_name, 0);
        }
    }
    if (d != NULL) {
        closedir(d);
    }
    rmdir(dir);
}

static enum status sync_dir(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY);
    if (fd < 0) {
        return STATUS_IO;
    }
    int bad = fsync(fd);
    close(fd);
    return bad ? STATUS_IO : STATUS_OK;
}

/* Finds the highest message number; with drafts, removes what a crash left. */
static enum status scan(const struct store *s, int drafts, unsigned *out_max)
{
    DIR *d = opendir(s->dir);
    if (d == NULL) {
        return STATUS_IO;
    }
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        if (drafts && strncmp(e->d_name, "draft-", 6) == 0) {
            char *path = mem_printf("%s/%s", s->dir, e->d_name);
            if (path != NULL) {
                remove_dir(path);
            }
            mem_free(path);
        } else if (is_message(e->d_name)) {
            unsigned n = (unsigned)strtoul(e->d_name + 3, NULL, 10);
            *out_max = n > *out_max ? n : *out_max;
        }
    }
    closedir(d);
    return STATUS_OK;
}

enum status store_open(struct store **out, const char *dir)
{
    if (mkdir(dir, 0700) != 0 && errno != EEXIST) {
        return STATUS_IO;
    }
    struct store *s = mem_alloc(sizeof *s);
    if (s == NULL) {
        return STATUS_NO_MEMORY;
    }
    s->dir = mem_strdup(dir);
    if (s->dir == NULL) {
        store_close(s);
        return STATUS_NO_MEMORY;
    }
    enum status st = scan(s, 1, &s->next_id);
    if (st != STATUS_OK) {
        store_close(s);
        return st;
    }
    s->next_id++;
    *out = s;
    return STATUS_OK;
}

void store_close(struct store *s)
{
    if (s != NULL) {
        mem_free(s->dir);
        mem_free(s);
    }
}

static void draft_free(struct store_draft *d)
{
    if (d->media != NULL) {
        fclose(d->media);
    }
    mem_free(d->dir);
    mem_free(d);
}

enum status store_draft_new(struct store *s, struct store_draft **out)
{
    struct store_draft *d = mem_alloc(sizeof *d);
    if (d == NULL) {
        return STATUS_NO_MEMORY;
    }
    d->store = s;
    d->dir =
        mem_printf("%s/draft-%ld-%u", s->dir, (long)getpid(), s->next_draft++);
    char *path = d->dir != NULL ? mem_printf("%s/media.rtp", d->dir) : NULL;
    enum status st = STATUS_OK;
    if (path == NULL) {
        st = STATUS_NO_MEMORY;
    } else if (mkdir(d->dir, 0700) != 0 ||
               (d->media = fopen(path, "wb")) == NULL) {
        st = STATUS_IO;
    }
    mem_free(path);
    if (st != STATUS_OK) {
        draft_free(d);
        return st;
    }
    *out = d;
    return STATUS_OK;
}

enum status store_draft_packet(struct store_draft *d, const uint8_t *data,
                               size_t len)
{
    if (len > 0xffff) {
        return STATUS_BAD_LENGTH;
    }
    const uint8_t head[2] = {(uint8_t)(len >> 8), (uint8_t)len};
    if (fwrite(head, 1, 2, d->media) != 2 ||
        fwrite(data, 1, len, d->media) != len) {
        return STATUS_IO;
    }
    d->packets++;
    return STATUS_OK;
}

size_t store_draft_packets(const struct store_draft *d)
{
    return d->packets;
}

static enum status write_file(const char *dir, const char *name,
                              const void *data, size_t len)
{
    char *path = mem_printf("%s/%s", dir, name);
    if (path == NULL) {
        return STATUS_NO_MEMORY;
    }
    FILE *f = fopen(path, "wb");
    mem_free(path);
    if (f == NULL) {
        return STATUS_IO;
    }
    int bad = fwrite(data, 1, len, f) != len;
    bad |= fflush(f) != 0 || fsync(fileno(f)) != 0;
    bad |= fclose(f) != 0;
    return bad ? STATUS_IO : STATUS_OK;
}

static char *head_json(const struct store_message *m)
{
    json_t *j =
        json_pack("{s:s s:s s:s s:s s:I}", "sender", m->sender, "display",
                  m->display, "call_id", m->call_id, "account", m->account,
                  "time_us", (json_int_t)m->time_us);
    char *text = j != NULL ? json_dumps(j, JSON_INDENT(1)) : NULL;
    json_decref(j);
    return text;
}

static enum status write_draft(struct store_draft *d,
                               const struct store_message *m)
{
    char *json = head_json(m);
    if (json == NULL) {
        return STATUS_BAD_VALUE; /* a name that is not UTF-8 */
    }
    enum status st = write_file(d->dir, "message.json", json, strlen(json));
    free(json);
    if (st == STATUS_OK) {
        st = write_file(d->dir, "i2.mikey", m->i2, m->i2_len);
    }
    if (st == STATUS_OK && m->note.len > 0) {
        st = write_file(d->dir, "note", m->note.data, m->note.len);
    }
    int bad = fflush(d->media) != 0 || fsync(fileno(d->media)) != 0;
    bad |= fclose(d->media) != 0;
    d->media = NULL;
    if (st == STATUS_OK && bad) {
        st = STATUS_IO;
    }
    return st == STATUS_OK ? sync_dir(d->dir) : st;
}

enum status store_commit(struct store_draft *d,
                         const struct store_message *head, char **out_id)
{
    struct store *s = d->store;
    char *id = mem_printf("dd-%06u", s->next_id);
    char *path = id != NULL ? mem_printf("%s/%s", s->dir, id) : NULL;
    enum status st = path == NULL ? STATUS_NO_MEMORY : write_draft(d, head);
    if (st == STATUS_OK && rename(d->dir, path) != 0) {
        st = STATUS_IO;
    }
    if (st == STATUS_OK) {
        s->next_id++;
        st = sync_dir(s->dir);
    }
    if (st == STATUS_OK && out_id != NULL) {
        *out_id = id;
        id = NULL;
    }
    if (st != STATUS_OK) {
        remove_dir(d->dir);
    }
    mem_free(path);
    mem_free(id);
    draft_free(d);
    return st;
}

void store_discard(struct store_draft *d)
{
    if (d != NULL) {
        remove_dir(d->dir);
        draft_free(d);
    }
}

static uint8_t *read_file(const char *dir, const char *name, size_t *out_len)
{
    char *path = mem_printf("%s/%s", dir, name);
    FILE *f = path != NULL ? fopen(path, "rb") : NULL;
    uint8_t *data = NULL;
    mem_free(path);
    if (f == NULL) {
        return NULL;
    }
    struct stat st;
    if (fstat(fileno(f), &st) == 0 && st.st_size >= 0 &&
        (data = mem_alloc((size_t)st.st_size + 1)) != NULL) {
        *out_len = (size_t)st.st_size;
        if (fread(data, 1, *out_len, f) != *out_len) {
            mem_free(data);
            data = NULL;
        }
    }
    fclose(f);
    return data;
}

static enum status add_packet(struct store_message *m, struct view v)
{
    uint8_t **p =
        mem_resize(m->packets, (m->num_packets + 1) * sizeof *m->packets);
    if (p == NULL) {
        return STATUS_NO_MEMORY;
    }
    m->packets = p;
    size_t *l = mem_resize(m->packet_lens,
                           (m->num_packets + 1) * sizeof *m->packet_lens);
    if (l == NULL) {
        return STATUS_NO_MEMORY;
    }
    m->packet_lens = l;
    uint8_t *copy = mem_dup(v.data, v.len);
    if (copy == NULL) {
        return STATUS_NO_MEMORY;
    }
    m->packets[m->num_packets] = copy;
    m->packet_lens[m->num_packets++] = v.len;
    return STATUS_OK;
}

static enum status read_media(struct store_message *m, const char *dir)
{
    size_t len = 0;
    uint8_t *data = read_file(dir, "media.rtp", &len);
    if (data == NULL) {
        return STATUS_IO;
    }
    struct rd r;
    rd_init(&r, data, len);
    enum status st = STATUS_OK;
    while (st == STATUS_OK && rd_left(&r) > 0) {
        uint16_t n = 0;
        struct view v = {0};
        rd_u16(&r, &n);
        st = rd_bytes(&r, &v, n);
        if (st == STATUS_OK) {
            st = add_packet(m, v);
        }
    }
    mem_free(data);
    return st;
}

static char *json_text(const json_t *j, const char *key)
{
    const char *s = json_string_value(json_object_get(j, key));
    return s != NULL ? mem_strdup(s) : NULL;
}

static void message_clear(struct store_message *m)
{
    for (size_t i = 0; i < m->num_packets; i++) {
        mem_free(m->packets[i]);
    }
    mem_free(m->packets);
    mem_free(m->packet_lens);
    mem_free(m->i2);
    mem_free(m->id);
    mem_free(m->sender);
    mem_free(m->display);
    mem_free(m->call_id);
    mem_free(m->account);
    *m = (struct store_message){0};
}

static enum status read_message(struct store_message *m, const struct store *s,
                                const char *id)
{
    char *dir = mem_printf("%s/%s", s->dir, id);
    size_t len = 0;
    uint8_t *text = dir != NULL ? read_file(dir, "message.json", &len) : NULL;
    json_t *j = text != NULL ? json_loadb((char *)text, len, 0, NULL) : NULL;
    enum status st = STATUS_IO;
    *m = (struct store_message){0};
    if (j != NULL) {
        m->id = mem_strdup(id);
        m->sender = json_text(j, "sender");
        m->display = json_text(j, "display");
        m->call_id = json_text(j, "call_id");
        m->account = json_text(j, "account");
        m->time_us =
            (uint64_t)json_integer_value(json_object_get(j, "time_us"));
        m->i2 = read_file(dir, "i2.mikey", &m->i2_len);
        char *seen = mem_printf("%s/seen", dir);
        m->seen = seen != NULL && access(seen, F_OK) == 0;
        mem_free(seen);
        if (m->id != NULL && m->sender != NULL && m->display != NULL &&
            m->call_id != NULL && m->account != NULL && m->i2 != NULL) {
            st = read_media(m, dir);
        }
    }
    json_decref(j);
    mem_free(text);
    mem_free(dir);
    if (st != STATUS_OK) {
        message_clear(m);
    }
    return st;
}

static int by_id(const void *a, const void *b)
{
    const struct store_message *x = a;
    const struct store_message *y = b;
    return strcmp(x->id, y->id);
}

enum status store_list(struct store *s, const char *account,
                       struct store_message **out, size_t *out_num,
                       size_t *out_bad)
{
    struct store_message *list = NULL;
    size_t num = 0;
    size_t bad = 0;
    enum status st = STATUS_OK;
    DIR *d = opendir(s->dir);
    if (d == NULL) {
        return STATUS_IO;
    }
    for (struct dirent *e; st == STATUS_OK && (e = readdir(d)) != NULL;) {
        struct store_message m;
        if (!is_message(e->d_name)) {
            continue;
        }
        if (read_message(&m, s, e->d_name) != STATUS_OK) {
            bad++;
            continue;
        }
        if (strcmp(m.account, account) != 0) {
            message_clear(&m);
            continue;
        }
        struct store_message *p = mem_resize(list, (num + 1) * sizeof *list);
        if (p == NULL) {
            message_clear(&m);
            st = STATUS_NO_MEMORY;
            continue;
        }
        list = p;
        list[num++] = m;
    }
    closedir(d);
    if (st != STATUS_OK) {
        store_list_free(list, num);
        return st;
    }
    if (num > 1) {
        qsort(list, num, sizeof *list, by_id);
    }
    *out = list;
    *out_num = num;
    if (out_bad != NULL) {
        *out_bad = bad;
    }
    return STATUS_OK;
}

void store_list_free(struct store_message *list, size_t num)
{
    for (size_t i = 0; i < num; i++) {
        message_clear(&list[i]);
    }
    mem_free(list);
}

enum status store_mark_seen(struct store *s, const char *id)
{
    char *dir = mem_printf("%s/%s", s->dir, id);
    if (dir == NULL) {
        return STATUS_NO_MEMORY;
    }
    enum status st = write_file(dir, "seen", "", 0);
    if (st == STATUS_OK) {
        st = sync_dir(dir);
    }
    mem_free(dir);
    return st;
}

enum status store_counts(struct store *s, const char *account, size_t *out_new,
                         size_t *out_old)
{
    struct store_message *list = NULL;
    size_t num = 0;
    enum status st = store_list(s, account, &list, &num, NULL);
    *out_new = 0;
    *out_old = 0;
    for (size_t i = 0; i < num; i++) {
        *(list[i].seen ? out_old : out_new) += 1;
    }
    store_list_free(list, num);
    return st;
}

enum status store_reset(struct store *s)
{
    DIR *d = opendir(s->dir);
    if (d == NULL) {
        return STATUS_IO;
    }
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        if (is_message(e->d_name)) {
            char *path = mem_printf("%s/%s", s->dir, e->d_name);
            if (path != NULL) {
                remove_dir(path);
            }
            mem_free(path);
        }
    }
    closedir(d);
    return sync_dir(s->dir);
}
