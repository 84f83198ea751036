/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The key log as text and as a table (docs/KEYLOG.md). */
#include "capture/keylog.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/keylog_int.h"
#include "harness/base/mem.h"
#include "harness/base/text.h"
#include "harness/crypto/ecdh.h"
#include "harness/crypto/kdf.h"

#define MAX_FILE (256u << 20)
#define MAX_ENTRIES (1u << 24)

static const char *const label_names[KEYLOG_NUM_LABELS] = {
    [KEYLOG_IBE_MASTER] = "IBE_MASTER",
    [KEYLOG_IBE_PARAMS] = "IBE_PARAMS",
    [KEYLOG_IBE_PRIVATE] = "IBE_PRIVATE",
    [KEYLOG_ECDH_PRIVATE] = "ECDH_PRIVATE",
    [KEYLOG_MPK] = "MPK",
    [KEYLOG_TGK] = "TGK",
    [KEYLOG_SK] = "SK",
    [KEYLOG_PSK] = "PSK",
    [KEYLOG_CANARY] = "CANARY",
};

const char *keylog_label_name(enum keylog_label label)
{
    return label < KEYLOG_NUM_LABELS ? label_names[label] : NULL;
}

int keylog_label_from(struct view name)
{
    for (int i = 0; i < KEYLOG_NUM_LABELS; i++) {
        if (strlen(label_names[i]) == name.len &&
            memcmp(label_names[i], name.data, name.len) == 0) {
            return i;
        }
    }
    return -1;
}

static __attribute__((format(printf, 5, 6))) enum status
set_error(struct keylog_error *err, enum status status, unsigned line,
          unsigned column, const char *fmt, ...)
{
    if (err != NULL) {
        va_list ap;
        err->status = status;
        err->line = line;
        err->column = column;
        va_start(ap, fmt);
        vsnprintf(err->text, sizeof err->text, fmt, ap);
        va_end(ap);
    }
    return status;
}

static enum status no_memory(struct keylog_error *err)
{
    return set_error(err, STATUS_NO_MEMORY, 0, 0,
                     "Out of memory while reading the key log.");
}

/* ---- the table -------------------------------------------------------------
 */

static int view_equal(struct view a, struct view b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static size_t hash_of(enum keylog_label label, struct view lookup)
{
    uint64_t h = 0xcbf29ce484222325u ^ (uint64_t)label; /* FNV-1a */
    for (size_t i = 0; i < lookup.len; i++) {
        h = (h ^ lookup.data[i]) * 0x100000001b3u;
    }
    return (size_t)(h ^ h >> 32);
}

static struct keylog_entry *entry_of(const struct keylog *kl, uint32_t ref)
{
    return &kl->lists[ref >> 28].items[(ref & 0xfffffffu) - 1];
}

/* Returns the slot that holds (label, lookup), or the free one where it goes.
 */
static uint32_t *index_slot(const struct keylog *kl, enum keylog_label label,
                            struct view lookup)
{
    size_t mask = kl->index_cap - 1;
    for (size_t i = hash_of(label, lookup) & mask;; i = (i + 1) & mask) {
        uint32_t *slot = &kl->index[i];
        if (*slot == 0 || (*slot >> 28 == (uint32_t)label &&
                           view_equal(entry_of(kl, *slot)->lookup, lookup))) {
            return slot;
        }
    }
}

static size_t total_entries(const struct keylog *kl)
{
    size_t n = 0;
    for (int i = 0; i < KEYLOG_NUM_LABELS; i++) {
        n += kl->lists[i].num;
    }
    return n;
}

static enum status index_grow(struct keylog *kl)
{
    if (total_entries(kl) * 2 < kl->index_cap) {
        return STATUS_OK;
    }
    size_t cap = kl->index_cap == 0 ? 64 : kl->index_cap * 2;
    uint32_t *fresh = mem_alloc(cap * sizeof *fresh);
    if (fresh == NULL) {
        return STATUS_NO_MEMORY;
    }
    mem_free(kl->index);
    kl->index = fresh;
    kl->index_cap = cap;
    for (int l = 0; l < KEYLOG_NUM_LABELS; l++) {
        for (size_t i = 0; i < kl->lists[l].num; i++) {
            struct view lookup = kl->lists[l].items[i].lookup;
            *index_slot(kl, (enum keylog_label)l, lookup) =
                (uint32_t)l << 28 | (uint32_t)(i + 1);
        }
    }
    return STATUS_OK;
}

static enum status list_push(struct keylog_list *list, struct keylog_entry e)
{
    if (list->num == list->cap) {
        size_t cap = list->cap == 0 ? 8 : list->cap * 2;
        struct keylog_entry *p = mem_resize(list->items, cap * sizeof *p);
        if (p == NULL) {
            return STATUS_NO_MEMORY;
        }
        list->items = p;
        list->cap = cap;
    }
    list->items[list->num++] = e;
    return STATUS_OK;
}

/* ---- what a line must satisfy ----------------------------------------------
 */

/* One DER SEQUENCE in the shortest length form that fills v exactly. */
static int is_der_sequence(struct view v)
{
    struct rd r;
    uint8_t tag = 0;
    uint8_t first = 0;
    size_t len = 0;
    rd_init(&r, v.data, v.len);
    rd_u8(&r, &tag);
    rd_u8(&r, &first);
    if (r.err != STATUS_OK || tag != 0x30 || first == 0x80 || first > 0x83) {
        return 0;
    }
    len = first;
    if (first > 0x80) {
        len = 0;
        for (int i = 0; i < (first & 0x7f); i++) {
            uint8_t b = 0;
            rd_u8(&r, &b);
            len = len << 8 | b;
        }
        /* The shortest form, so that equal parameters are equal octets. */
        if (len < 0x80 ||
            (first > 0x81 && len >> (8 * ((first & 0x7f) - 1)) == 0)) {
            return 0;
        }
    }
    return r.err == STATUS_OK && rd_left(&r) == len;
}

static uint8_t curve_of_point(size_t len)
{
    static const uint8_t curves[] = {ECDH_P256, ECDH_P384, ECDH_P521};
    for (size_t i = 0; i < sizeof curves; i++) {
        if (len == 1 + 2 * ecdh_field_octets(curves[i])) {
            return curves[i];
        }
    }
    return 0;
}

static enum status check_ecdh(struct view lookup, struct view secret,
                              const char **why)
{
    struct ecdh_key key = {0};
    uint8_t curve = curve_of_point(lookup.len);
    enum status s;
    if (lookup.len < 3 || lookup.len % 2 == 0 || lookup.data[0] != 4) {
        *why =
            "the lookup value is not an uncompressed point. Write 04, X and Y "
            "of the public value";
        return STATUS_BAD_VALUE;
    }
    if (curve == 0) {
        return STATUS_OK; /* a curve this program does not compute on */
    }
    s = ecdh_from_scalar(&key, curve, secret);
    if (s != STATUS_OK) {
        *why = "the secret is not a scalar of that curve. Write it big-endian, "
               "1..n-1, with leading zeros to the length of the group order";
        s = STATUS_BAD_VALUE;
    } else if (key.pub.len != lookup.len ||
               memcmp(key.pub.octets, lookup.data, lookup.len) != 0) {
        *why =
            "the scalar does not give this public point. Log the scalar that "
            "belongs to the point that was sent";
        s = STATUS_BAD_VALUE;
    }
    ecdh_key_wipe(&key);
    return s;
}

static enum status check_canary(struct view lookup, struct view secret,
                                const char **why)
{
    uint8_t digest[32];
    kdf_sha256(digest, secret);
    if (lookup.len != sizeof digest ||
        memcmp(digest, lookup.data, sizeof digest) != 0) {
        *why = "the lookup value is not the SHA-256 of the canary. Compute it "
               "over "
               "the octets of the third column";
        return STATUS_BAD_VALUE;
    }
    return STATUS_OK;
}

static enum status check_master(struct view lookup, const char **why)
{
    if (!is_der_sequence(lookup)) {
        *why =
            "the lookup value is not a DER BFPublicParameters. Write the whole "
            "SEQUENCE, 30 first";
        return STATUS_BAD_VALUE;
    }
    return STATUS_OK;
}

static enum status check_der_secret(struct view secret, const char **why)
{
    if (!is_der_sequence(secret)) {
        *why = "the value in the third column is not DER. Write the whole "
               "SEQUENCE "
               "(BFPublicParameters or BFPrivateKeyBlock), 30 first";
        return STATUS_BAD_VALUE;
    }
    return STATUS_OK;
}

static enum status check_csb(struct view lookup, const char **why)
{
    if (lookup.len < 5) {
        *why =
            "the lookup value is too short for CSB ID and RAND. Write the four "
            "octets of the CSB ID, then RAND";
        return STATUS_BAD_VALUE;
    }
    return STATUS_OK;
}

static enum status check_entry(enum keylog_label label, struct view lookup,
                               struct view secret, const char **why)
{
    if (secret.len == 0) {
        *why = "the secret is empty. Leave the line out if it is not known";
        return STATUS_BAD_VALUE;
    }
    if (lookup.len == 0 && label != KEYLOG_IBE_PARAMS) {
        *why = "the lookup value is empty; only IBE_PARAMS may have -";
        return STATUS_BAD_VALUE;
    }
    switch (label) {
    case KEYLOG_IBE_MASTER:
        return check_master(lookup, why);
    case KEYLOG_IBE_PARAMS:
    case KEYLOG_IBE_PRIVATE:
        return check_der_secret(secret, why);
    case KEYLOG_ECDH_PRIVATE:
        return check_ecdh(lookup, secret, why);
    case KEYLOG_MPK:
    case KEYLOG_TGK:
        return check_csb(lookup, why);
    case KEYLOG_SK:
        if (lookup.len != 32) {
            *why = "the lookup value is not a SHA-256. Write that of the Encr "
                   "data of "
                   "the ESK payload (32 octets)";
            return STATUS_BAD_VALUE;
        }
        return STATUS_OK;
    case KEYLOG_CANARY:
        return check_canary(lookup, secret, why);
    case KEYLOG_PSK:
    case KEYLOG_NUM_LABELS:
        break;
    }
    return STATUS_OK;
}

/* Takes over the copies in *e or frees them. */
static enum status insert(struct keylog *kl, enum keylog_label label,
                          struct keylog_entry *e, struct keylog_error *err)
{
    enum status s = index_grow(kl);
    uint32_t *slot = s == STATUS_OK ? index_slot(kl, label, e->lookup) : NULL;
    if (slot != NULL && *slot != 0) {
        const struct keylog_entry *old = entry_of(kl, *slot);
        if (view_equal(old->secret, e->secret)) {
            return STATUS_DUPLICATE; /* no fault; nothing to keep */
        }
        return set_error(
            err, STATUS_MISMATCH, e->line, 0,
            "%s: another secret for the same lookup value stands in "
            "line %u. Remove the wrong one.",
            label_names[label], old->line);
    }
    if (s == STATUS_OK && total_entries(kl) >= MAX_ENTRIES) {
        s = STATUS_NO_MEMORY;
    }
    if (s == STATUS_OK) {
        s = list_push(&kl->lists[label], *e);
    }
    if (s != STATUS_OK) {
        return no_memory(err);
    }
    *slot = (uint32_t)label << 28 | (uint32_t)kl->lists[label].num;
    return STATUS_OK;
}

static void entry_clear(struct keylog_entry *e)
{
    if (e->secret.data != NULL) {
        mem_wipe((void *)e->secret.data, e->secret.len);
    }
    mem_free((void *)e->secret.data);
    mem_free((void *)e->lookup.data);
}

/* Checks and inserts; owns e. */
static enum status add_owned(struct keylog *kl, enum keylog_label label,
                             struct keylog_entry *e, struct keylog_error *err)
{
    const char *why = NULL;
    enum status s = check_entry(label, e->lookup, e->secret, &why);
    if (s != STATUS_OK) {
        set_error(err, s, e->line, 0, "%s: %s.", label_names[label], why);
    } else {
        s = insert(kl, label, e, err);
        if (s == STATUS_OK) {
            return s;
        }
    }
    entry_clear(e);
    if (s == STATUS_MISMATCH) {
        s = STATUS_DUPLICATE;
        if (err != NULL) {
            err->status = s;
        }
        return s;
    }
    return s == STATUS_DUPLICATE ? STATUS_OK : s;
}

enum status keylog_add(struct keylog *kl, enum keylog_label label,
                       struct view lookup, struct view secret,
                       struct keylog_error *err)
{
    struct keylog_entry e = {0};
    if (label >= KEYLOG_NUM_LABELS) {
        return set_error(err, STATUS_MISUSE, 0, 0, "No such label.");
    }
    uint8_t *l = mem_dup(lookup.data, lookup.len);
    uint8_t *s = mem_dup(secret.data, secret.len);
    e.lookup = (struct view){l, lookup.len};
    e.secret = (struct view){s, secret.len};
    if (l == NULL || s == NULL) {
        entry_clear(&e);
        return no_memory(err);
    }
    return add_owned(kl, label, &e, err);
}

/* ---- text -------------------------------------------------------------------
 */

struct line {
    const char *text;
    size_t len;
    unsigned no;
};

static int is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Cuts the next word of the line from *pos; empty at its end. */
static struct view next_word(const struct line *l, size_t *pos)
{
    while (*pos < l->len && is_blank(l->text[*pos])) {
        ++*pos;
    }
    size_t start = *pos;
    while (*pos < l->len && !is_blank(l->text[*pos])) {
        ++*pos;
    }
    return (struct view){(const uint8_t *)l->text + start, *pos - start};
}

static enum status hex_column(struct view *out, const struct line *l,
                              struct view word, const char *what,
                              struct keylog_error *err)
{
    unsigned col = (unsigned)((const char *)word.data - l->text) + 1;
    if (word.len == 1 && word.data[0] == '-') {
        word.len = 0;
    }
    for (size_t i = 0; i < word.len; i++) {
        uint8_t c = word.data[i];
        if (c >= 'A' && c <= 'F') {
            return set_error(err, STATUS_SYNTAX, l->no, col + (unsigned)i,
                             "The %s has upper-case hex. Write lower-case.",
                             what);
        }
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
            return set_error(
                err, STATUS_SYNTAX, l->no, col + (unsigned)i,
                "The %s has octet 0x%02x, which is no hex digit. Write "
                "0-9 and a-f without separators.",
                what, c);
        }
    }
    if (word.len % 2 != 0) {
        return set_error(
            err, STATUS_SYNTAX, l->no, col,
            "The %s has an odd number of hex digits; the line may be "
            "cut. Write two digits an octet.",
            what);
    }
    uint8_t *data = mem_alloc(word.len / 2);
    size_t len = 0;
    if (data == NULL) {
        return no_memory(err);
    }
    enum status s =
        hex_decode(data, word.len / 2, &len, (const char *)word.data, word.len);
    assert(s == STATUS_OK && len == word.len / 2);
    *out = (struct view){data, len};
    return s;
}

static enum status unknown_label(const struct line *l, struct view word,
                                 struct keylog_error *err)
{
    char shown[25];
    size_t n = word.len < sizeof shown - 1 ? word.len : sizeof shown - 1;
    for (size_t i = 0; i < n; i++) {
        uint8_t c = word.data[i];
        shown[i] = (char)(c >= 0x20 && c < 0x7f ? c : '?');
    }
    shown[n] = '\0';
    return set_error(err, STATUS_SYNTAX, l->no,
                     (unsigned)((const char *)word.data - l->text) + 1,
                     "Unknown label %s. Known are IBE_MASTER, IBE_PARAMS, "
                     "IBE_PRIVATE, ECDH_PRIVATE, MPK, TGK, SK, PSK, CANARY; a "
                     "comment starts with #.",
                     shown);
}

static enum status parse_line(struct keylog *kl, const struct line *l,
                              struct keylog_error *err)
{
    size_t pos = 0;
    struct keylog_entry e = {.line = l->no};
    struct view name = next_word(l, &pos);
    struct view lookup = next_word(l, &pos);
    struct view secret = next_word(l, &pos);
    struct view more = next_word(l, &pos);
    int label;
    enum status s;
    if (name.len == 0) {
        return STATUS_OK;
    }
    label = keylog_label_from(name);
    if (label < 0) {
        return unknown_label(l, name, err);
    }
    if (secret.len == 0 || more.len != 0) {
        return set_error(
            err, STATUS_SYNTAX, l->no, 0,
            "%s: the line has %s columns. Write LABEL, lookup value and "
            "secret, separated by blanks.",
            label_names[label],
            more.len != 0 ? "more than three" : "fewer than three");
    }
    s = hex_column(&e.lookup, l, lookup, "lookup value", err);
    if (s == STATUS_OK) {
        s = hex_column(&e.secret, l, secret, "secret", err);
    }
    if (s != STATUS_OK) {
        entry_clear(&e);
        return s;
    }
    return add_owned(kl, (enum keylog_label)label, &e, err);
}

struct keylog *keylog_new(void)
{
    return mem_alloc(sizeof(struct keylog));
}

static size_t content_len(const char *line, size_t len)
{
    const char *hash = memchr(line, '#', len);
    size_t n = hash != NULL ? (size_t)(hash - line) : len;
    return n > 0 && line[n - 1] == '\r' ? n - 1 : n;
}

struct keylog *keylog_parse(const char *text, size_t len,
                            struct keylog_error *err)
{
    struct keylog *kl = keylog_new();
    enum status s = STATUS_OK;
    unsigned no = 0;
    set_error(err, STATUS_OK, 0, 0, "%s", "");
    if (kl == NULL) {
        no_memory(err);
        return NULL;
    }
    for (size_t pos = 0; pos < len && s == STATUS_OK;) {
        const char *nl = memchr(text + pos, '\n', len - pos);
        size_t n = nl != NULL ? (size_t)(nl - (text + pos)) : len - pos;
        struct line l = {text + pos, content_len(text + pos, n), ++no};
        s = parse_line(kl, &l, err);
        pos += n + 1;
    }
    if (s != STATUS_OK) {
        keylog_free(kl);
        return NULL;
    }
    return kl;
}

static enum status read_all(struct wr *out, FILE *f)
{
    uint8_t block[16384];
    size_t n;
    do {
        n = fread(block, 1, sizeof block, f);
        wr_bytes(out, block, n);
    } while (n == sizeof block && out->err == STATUS_OK &&
             out->len <= MAX_FILE);
    mem_wipe(block, sizeof block);
    if (ferror(f) || out->len > MAX_FILE) {
        return STATUS_IO;
    }
    return out->err;
}

struct keylog *keylog_load(const char *path, struct keylog_error *err)
{
    struct wr w;
    struct keylog *kl = NULL;
    FILE *f = fopen(path, "rbe");
    if (f == NULL) {
        enum status s = errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO;
        set_error(err, s, 0, 0, "Cannot open key log %s: %s.", path,
                  strerror(errno));
        return NULL;
    }
    wr_init(&w);
    enum status s = read_all(&w, f);
    fclose(f);
    if (s == STATUS_OK) {
        kl = keylog_parse((const char *)w.data, w.len, err);
    } else if (s == STATUS_NO_MEMORY) {
        no_memory(err);
    } else {
        set_error(err, STATUS_IO, 0, 0,
                  "Cannot read key log %s (longest: 256 MiB).", path);
    }
    wr_cleanup(&w);
    return kl;
}

void keylog_free(struct keylog *kl)
{
    if (kl == NULL) {
        return;
    }
    keylog_derived_clear(kl);
    for (int l = 0; l < KEYLOG_NUM_LABELS; l++) {
        for (size_t i = 0; i < kl->lists[l].num; i++) {
            entry_clear(&kl->lists[l].items[i]);
        }
        mem_free(kl->lists[l].items);
    }
    mem_free(kl->index);
    mem_free(kl);
}

enum status keylog_find(const struct keylog *kl, enum keylog_label label,
                        struct view lookup, struct view *out)
{
    if (label >= KEYLOG_NUM_LABELS) {
        return STATUS_MISUSE;
    }
    uint32_t ref = kl->index_cap == 0 ? 0 : *index_slot(kl, label, lookup);
    if (ref == 0) {
        return STATUS_NOT_FOUND;
    }
    if (out != NULL) {
        *out = entry_of(kl, ref)->secret;
    }
    return STATUS_OK;
}

size_t keylog_num(const struct keylog *kl, enum keylog_label label)
{
    return label < KEYLOG_NUM_LABELS ? kl->lists[label].num : 0;
}

const struct keylog_entry *keylog_at(const struct keylog *kl,
                                     enum keylog_label label, size_t at)
{
    assert(at < keylog_num(kl, label));
    return &kl->lists[label].items[at];
}

static void write_hex(struct wr *w, struct view v)
{
    char two[3];
    if (v.len == 0) {
        wr_str(w, "-");
    }
    for (size_t i = 0; i < v.len; i++) {
        hex_encode(two, v.data + i, 1);
        wr_bytes(w, two, 2);
    }
}

void keylog_line(struct wr *w, enum keylog_label label, struct view lookup,
                 struct view secret)
{
    assert(label < KEYLOG_NUM_LABELS);
    wr_str(w, label_names[label]);
    wr_u8(w, ' ');
    write_hex(w, lookup);
    wr_u8(w, ' ');
    write_hex(w, secret);
    wr_u8(w, '\n');
}

enum status keylog_append(const char *path, enum keylog_label label,
                          struct view lookup, struct view secret)
{
    struct wr w;
    wr_init(&w);
    keylog_line(&w, label, lookup, secret);
    enum status s = w.err;
    int fd = -1;
    if (s == STATUS_OK) {
        fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC,
                  S_IRUSR | S_IWUSR);
        s = fd >= 0 ? STATUS_OK : STATUS_IO;
    }
    /* One write: a line of another process never falls into ours. */
    if (s == STATUS_OK && write(fd, w.data, w.len) != (ssize_t)w.len) {
        s = STATUS_IO;
    }
    if (fd >= 0 && close(fd) != 0) {
        s = STATUS_IO;
    }
    wr_cleanup(&w);
    return s;
}
