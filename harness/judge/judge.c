/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* From files to a result: reading, the steps of judging, and what is missing.
 */
#include "harness/judge/judge_int.h"

#include "harness/base/mem.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- errors
 * ---------------------------------------------------------------------------
 */

void judge_say(struct judge_error *e, enum status st, const char *path,
               const char *what)
{
    if (e->status == STATUS_OK) {
        e->status = st;
        snprintf(e->text, sizeof e->text, "%s: %s", path, what);
    }
}

/* ---- digests of the inputs
 * ---------------------------------------------------------------- */

enum { IN_CAPTURE, IN_KEYS, IN_EVIDENCE, IN_PLAN };

/* "" if it cannot be read again (a pipe). In pieces: the file may be large. */
static const char *digest(struct judge *j, const char *path)
{
    struct stat sb;
    uint8_t sum[32], buf[1 << 16];
    unsigned len = 0;
    const char *out = "";
    ssize_t n = -1;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (fd >= 0 && ctx != NULL && fstat(fd, &sb) == 0 && S_ISREG(sb.st_mode) &&
        EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1) {
        while ((n = read(fd, buf, sizeof buf)) > 0 &&
               EVP_DigestUpdate(ctx, buf, (size_t)n) == 1) {
        }
        if (n == 0 && EVP_DigestFinal_ex(ctx, sum, &len) == 1) {
            out = j_hex(j, (struct view){sum, len});
        }
    }
    EVP_MD_CTX_free(ctx);
    if (fd >= 0) {
        close(fd);
    }
    return out;
}

void note_input(struct judge *j, int which, const char *path)
{
    static const char *const names[] = {"capture.pcap", "keys.log",
                                        "evidence.jsonl", "plan.yaml"};
    j->input_name[which] = names[which];
    j->input_sha256[which] = digest(j, path);
}

static int exists(const char *path)
{
    struct stat sb;
    return stat(path, &sb) == 0;
}

/* ---- reading
 * ---------------------------------------------------------------------------------
 */

static enum status keys_load(struct judge *j, const char *path, int must,
                             struct judge_error *e)
{
    struct keylog_error ke = {0};
    if (path == NULL || (!must && !exists(path))) {
        j->kl = keylog_new();
        return j->kl != NULL ? STATUS_OK : STATUS_NO_MEMORY;
    }
    j->kl = keylog_load(path, &ke);
    if (j->kl != NULL) {
        note_input(j, IN_KEYS, path);
        return STATUS_OK;
    }
    e->status = ke.status;
    if (ke.line != 0) {
        snprintf(e->text, sizeof e->text, "%s:%u:%u: %s", path, ke.line,
                 ke.column, ke.text);
    } else {
        snprintf(e->text, sizeof e->text, "%s: %s", path, ke.text);
    }
    return ke.status;
}

static void port_add(uint16_t ports[8], uint16_t port)
{
    for (size_t i = 0; i < 8 && port != 0; i++) {
        if (ports[i] == port) {
            return;
        }
        if (ports[i] == 0) {
            ports[i] = port;
            return;
        }
    }
}

/* A capture of fewer octets cannot hold more messages than are followed. */
#define SMALL_CAPTURE (64 * JUDGE_FOLLOWED)

static int count_mikey(void *ctx, const struct trace_mikey *m)
{
    size_t *n = ctx;
    (void)m;
    return ++*n > JUDGE_FOLLOWED;
}

/* Counts before anything is loaded, so that a large capture costs no memory; a
 * pipe cannot be read twice. */
static int is_too_large(const char *path)
{
    struct stat sb;
    struct trace_info info;
    size_t n = 0;
    const struct trace_sink sink = {.ctx = &n, .mikey = count_mikey};
    return stat(path, &sb) == 0 && S_ISREG(sb.st_mode) &&
           sb.st_size > SMALL_CAPTURE &&
           trace_each(path, NULL, &sink, &info) == STATUS_OK &&
           n > JUDGE_FOLLOWED;
}

static enum status capture_load(struct judge *j, const char *path,
                                struct judge_error *e)
{
    struct trace_config config = {0};
    struct trace_error te = {0};
    for (size_t i = 0; i < j->num_parties; i++) {
        port_add(config.sip_ports, j->parties[i].sip_port);
        port_add(config.kms_ports, j->parties[i].kms_port);
    }
    j->trace = trace_load(path, &config, &te);
    if (j->trace == NULL) {
        judge_say(e, te.status, path, te.text);
        return te.status;
    }
    note_input(j, IN_CAPTURE, path);
    return STATUS_OK;
}

/* ---- what is missing
 * ---------------------------------------------------------------------------
 */

static void lossy(struct judge *j, const char *why)
{
    if (!j->lossy) {
        j->lossy = 1;
        j->lossy_why = why;
    }
}

static void find_losses(struct judge *j)
{
    const struct trace *t = j->trace;
    char src[CAP_ADDR_TEXT], dst[CAP_ADDR_TEXT];
    j->lossy_why = "";
    for (size_t i = 0; i < t->num_losses; i++) {
        const struct trace_loss *l = &t->losses[i];
        if (l->kind == TRACE_LOSS_SIP) {
            continue; /* odd octets, but all there */
        }
        cap_addr_text(src, &l->src);
        cap_addr_text(dst, &l->dst);
        lossy(j, j_printf(j, "%s at frame %llu, %s to %s", l->text,
                          (unsigned long long)l->frame, src, dst));
    }
    if (t->info.cut > 0) {
        lossy(j, j_printf(j, "%llu packets were cut by the snap length",
                          (unsigned long long)t->info.cut));
    }
    if (t->info.incomplete) {
        lossy(j, j_printf(j, "the capture breaks off after frame %llu",
                          (unsigned long long)t->info.packets));
    }
    for (size_t i = 0; i < j->num_evs; i++) {
        const json_t *o = j->evs[i]->obj;
        if (strcmp(j->evs[i]->kind, "capture") != 0) {
            continue;
        }
        json_int_t dropped = json_integer_value(json_object_get(o, "dropped"));
        if (dropped != 0) {
            lossy(j, j_printf(j, "%lld packets were dropped while recording",
                              (long long)dropped));
        }
        json_int_t had = json_integer_value(json_object_get(o, "received"));
        if (had > 0 && (uint64_t)had > t->info.packets) {
            lossy(j, j_printf(j, "of %lld packets recorded %llu are there",
                              (long long)had,
                              (unsigned long long)t->info.packets));
        }
        j->complete = dropped == 0;
    }
    j->complete = j->complete && !j->lossy;
}

/* ---- judging
 * ---------------------------------------------------------------------------------------
 */

void judge_free_all(struct judge *j)
{
    for (size_t i = 0; i < j->num_evs; i++) {
        json_decref(j->evs[i]->obj);
    }
    trace_free(j->trace);
    keylog_free(j->kl);
    ytree_free(j->plan);
    j_cleanup(j);
    mem_free(j);
}

void judge_steps(struct judge *j)
{
    static void (*const steps[])(struct judge *) = {
        find_losses,       sip_index, messages_build, exchange_build,
        exchange_classify, open_all,  keys_all,       defects_all,
        deliver_all,       media_all, notify_all};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        if (j->err == STATUS_OK) {
            steps[i](j);
        }
    }
}

struct files {
    const char *capture, *keys, *evidence, *plan;
    int keys_must; /* it was named by the caller */
};

static enum status read_all(struct judge *j, const struct files *f,
                            struct judge_error *e)
{
    enum status st = STATUS_OK;
    j->dir = j->tp = j->title = j->role = "";
    if (f->plan != NULL) {
        if (!exists(f->plan)) {
            judge_say(
                e, STATUS_NOT_FOUND, f->plan,
                "no such file; a bundle has a plan.yaml (docs/BUNDLE.md), a "
                "bare capture is judged without");
            return e->status;
        }
        st = plan_load(j, f->plan, e);
        note_input(j, IN_PLAN, f->plan);
    }
    if (st == STATUS_OK && f->evidence != NULL && exists(f->evidence)) {
        st = evidence_load(j, f->evidence, e);
        note_input(j, IN_EVIDENCE, f->evidence);
    }
    if (st == STATUS_OK) {
        st = keys_load(j, f->keys, f->keys_must, e);
    }
    if (st == STATUS_OK && f->plan == NULL && is_too_large(f->capture)) {
        st = STATUS_NO_SPACE;
    }
    if (st == STATUS_OK) {
        st = capture_load(j, f->capture, e);
    }
    return st;
}

static struct judge_result *judge_files(const struct files *f, const char *dir,
                                        struct judge_error *err)
{
    struct judge_error ignored;
    struct judge_error *e = err != NULL ? err : &ignored;
    struct judge_result *r = NULL;
    *e = (struct judge_error){0};
    struct judge *j = mem_alloc(sizeof *j);
    if (j == NULL) {
        judge_say(e, STATUS_NO_MEMORY, f->capture, "out of memory");
        return NULL;
    }
    enum status st = read_all(j, f, e);
    if (st == STATUS_OK && f->plan == NULL &&
        j->trace->num_mikey > JUDGE_FOLLOWED) {
        st = STATUS_NO_SPACE;
    }
    if (st == STATUS_OK) {
        j->dir = j_strn(j, dir, strlen(dir));
        judge_steps(j);
        if (j->err == STATUS_OK) {
            laws_run(j);
        }
        r = j->err == STATUS_OK ? result_make(j) : NULL;
        st = r != NULL ? STATUS_OK : STATUS_NO_MEMORY;
    }
    if (r == NULL && st == STATUS_NO_SPACE && f->plan == NULL) {
        *e = (struct judge_error){0};
        judge_free_all(j); /* too large to follow its calls */
        r = judge_stream(f->capture, NULL, err);
        if (r != NULL) {
            j = r->store;
            note_input(j, IN_CAPTURE, f->capture);
            r->inputs[IN_CAPTURE].name = j->input_name[IN_CAPTURE];
            r->inputs[IN_CAPTURE].sha256 = j->input_sha256[IN_CAPTURE];
        }
        return r;
    }
    if (r == NULL) {
        judge_say(e, st, f->capture,
                  st == STATUS_NO_MEMORY ? "out of memory while judging"
                                         : status_name(st));
        judge_free_all(j);
    }
    return r;
}

struct judge_result *judge_bundle(const char *dir, const char *keys_path,
                                  const char *plan_path,
                                  struct judge_error *err)
{
    static const char *const names[] = {"capture.pcap", "keys.log",
                                        "evidence.jsonl", "plan.yaml"};
    char *p[4] = {NULL};
    struct judge_result *r = NULL;
    int ok = 1;
    for (size_t i = 0; i < 4; i++) {
        p[i] = mem_printf("%s/%s", dir, names[i]);
        ok &= p[i] != NULL;
    }
    if (ok) {
        struct files f = {p[0], keys_path != NULL ? keys_path : p[1], p[2],
                          plan_path != NULL ? plan_path : p[3],
                          keys_path != NULL};
        r = judge_files(&f, dir, err);
    } else if (err != NULL) {
        *err = (struct judge_error){0};
        judge_say(err, STATUS_NO_MEMORY, dir, "out of memory");
    }
    for (size_t i = 0; i < 4; i++) {
        mem_free(p[i]);
    }
    return r;
}

struct judge_result *judge_capture(const char *pcap, const char *keys_path,
                                   const char *plan_path,
                                   struct judge_error *err)
{
    struct files f = {pcap, keys_path, NULL, plan_path, keys_path != NULL};
    return judge_files(&f, "", err);
}

void judge_free(struct judge_result *r)
{
    if (r != NULL) {
        judge_free_all(r->store);
    }
}
