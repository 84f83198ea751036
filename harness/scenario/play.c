/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Plays one scenario: processes, recording, steps. */
#include "harness/scenario/play.h"

#include "harness/base/mem.h"
#include "harness/base/text.h"
#include "harness/scenario/play_int.h"

#include "capture/keylog.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Host part of each role inside the run's /28. */
static const struct {
    const char *role;
    unsigned host;
    const char *identity;
} role_table[] = {
    {"A", 1, "sip:alice@home-a.example"},
    {"B", 2, "sip:bob@home-b.example"},
    {"MB", 3, "sip:bob-mbx@vm.home-b.example"},
    {"KMS", 4, "sip:kms.home-b.example"},
    {"CORE", 5, ""},
    {"C", 6, "sip:carol@home-b.example"},
    {"M", 7, "sip:mallory@home-a.example"},
    {"D", 8, "sip:dave@home-a.example"},
};
#define SENTINEL_HOST 14
#define GRACE_MS 2000 /* an answer may be late by so much */

struct party *play_party(struct play *p, const char *role)
{
    for (size_t i = 0; i < p->num_parties; i++) {
        if (strcmp(p->parties[i].role, role) == 0) {
            return &p->parties[i];
        }
    }
    return NULL;
}

struct request *play_request(struct play *p, int id)
{
    for (size_t i = 0; i < p->num_requests; i++) {
        if (p->requests[i].id == id) {
            return &p->requests[i];
        }
    }
    return NULL;
}

static uint64_t now_us(struct play *p)
{
    return env_now_us(&p->env);
}

int play_send(struct play *p, struct party *party, json_t *message,
              const char *what, unsigned timeout_ms)
{
    struct request *r =
        mem_resize(p->requests, (p->num_requests + 1) * sizeof *r);
    if (r == NULL) {
        json_decref(message);
        return 0;
    }
    p->requests = r;
    r = &r[p->num_requests++];
    *r = (struct request){.id = ++p->next_id,
                          .party = party,
                          .what = mem_strdup(what),
                          .deadline_us = now_us(p) + timeout_ms * 1000ull};
    json_object_set_new(message, "id", json_integer(r->id));
    party_write(party, message);
    json_decref(message);
    return r->id;
}

/* ---- what the parties say ---- */

/* A key log with two secrets for one lookup value is contradictory; a party
 * under test that uses CSB ID and RAND twice makes testers say such things. The
 * first stands. */
static int is_new_secret(struct play *p, const char *label, const char *lookup)
{
    char *name = mem_printf("%s %s", label, lookup);
    int is_new = name != NULL && json_object_get(p->told, name) == NULL;
    if (p->told == NULL) {
        p->told = json_object();
    }
    if (is_new) {
        json_object_set_new(p->told, name, json_true());
    }
    mem_free(name);
    return is_new;
}

static void on_secret(struct play *p, struct party *party, const json_t *j)
{
    const char *label = json_string_value(json_object_get(j, "label"));
    const char *lookup = json_string_value(json_object_get(j, "lookup"));
    const char *secret = json_string_value(json_object_get(j, "secret"));
    uint8_t a[2048];
    uint8_t b[2048];
    struct view va = {a, 0};
    struct view vb = {b, 0};
    if (party->is_iut || label == NULL || lookup == NULL || secret == NULL) {
        return; /* an IUT's word is no key */
    }
    int n =
        keylog_label_from((struct view){(const uint8_t *)label, strlen(label)});
    if (n < 0 ||
        hex_decode(a, sizeof a, &va.len, lookup, strlen(lookup)) != STATUS_OK ||
        hex_decode(b, sizeof b, &vb.len, secret, strlen(secret)) != STATUS_OK) {
        return;
    }
    if (is_new_secret(p, label, lookup)) {
        keylog_append(p->keys_path, (enum keylog_label)n, va, vb);
    }
}

static enum status addr_of(struct cap_addr *out, const json_t *j,
                           const char *key)
{
    const char *text = json_string_value(json_object_get(j, key));
    return text == NULL ? STATUS_SYNTAX : cap_addr_parse(out, text);
}

static void on_octets(struct play *p, const json_t *j)
{
    struct cap_addr src;
    struct cap_addr dst;
    const char *b64 = json_string_value(json_object_get(j, "data"));
    if (p->tap == NULL || b64 == NULL || addr_of(&src, j, "src") != STATUS_OK ||
        addr_of(&dst, j, "dst") != STATUS_OK) {
        return;
    }
    size_t len = 0;
    uint8_t *data = mem_alloc(strlen(b64));
    if (data != NULL &&
        base64_decode(data, &len, b64, strlen(b64)) == STATUS_OK) {
        uint64_t t =
            (uint64_t)json_integer_value(json_object_get(j, "time_us"));
        struct view v = {data, len};
        (json_is_true(json_object_get(j, "tcp")) ? tap_tcp : tap_udp)(
            p->tap, t, &src, &dst, v);
    }
    mem_free(data);
}

static void on_event(struct play *p, struct party *party, json_t *j)
{
    const char *event = json_string_value(json_object_get(j, "event"));
    if (event == NULL) {
        event = "?";
    }
    if (strcmp(event, "secret") == 0) {
        on_secret(p, party, j);
        return;
    }
    if (strcmp(event, "octets") == 0) {
        on_octets(p, j);
        return;
    }
    evidence_add(p, json_pack("{s:s s:s s:O}", "kind", "event", "role",
                              party->role, "event", j));
}

static void on_rendered(struct play *p, struct party *party,
                        const json_t *answer)
{
    size_t i;
    json_t *m;
    json_array_foreach(json_object_get(answer, "messages"), i, m)
    {
        json_t *e = json_pack("{s:s s:s s:i}", "kind", "rendered", "role",
                              party->role, "n", (int)++p->rendered);
        const char *file = json_string_value(json_object_get(m, "file"));
        const char *base = file != NULL ? strrchr(file, '/') : NULL;
        if (e == NULL) {
            return;
        }
        if (file != NULL) {
            json_object_set_new(e, "file",
                                json_string(base != NULL ? base + 1 : file));
        }
        json_object_update_missing(e, m);
        evidence_add(p, e);
    }
}

void play_on_line(struct play *p, struct party *party, const char *line)
{
    json_error_t je;
    json_t *j = json_loads(line, JSON_REJECT_DUPLICATES, &je);
    if (!json_is_object(j)) {
        evidence_add(p, json_pack("{s:s s:s s:s}", "kind", "adapter-rubbish",
                                  "role", party->role, "why",
                                  "not a JSON object"));
        json_decref(j);
        return;
    }
    const json_t *id = json_object_get(j, "id");
    struct request *r = json_is_integer(id)
                            ? play_request(p, (int)json_integer_value(id))
                            : NULL;
    if (r == NULL || r->party != party || r->done) {
        on_event(p, party, j);
        json_decref(j);
        return;
    }
    r->done = 1;
    r->answer = j;
    if (r->what != NULL && strncmp(r->what, "provision", 9) != 0) {
        evidence_add(p,
                     json_pack("{s:s s:s s:s s:O}", "kind", "adapter", "role",
                               party->role, "verb", r->what, "answer", j));
        on_rendered(p, party, j);
    }
}

static int pending(struct play *p, int from)
{
    int n = 0;
    for (size_t i = 0; i < p->num_requests; i++) {
        struct request *r = &p->requests[i];
        if (r->done || r->id < from) {
            continue;
        }
        if (r->party->out < 0 && r->party->pid == 0) {
            r->done = 1; /* the process is gone */
            evidence_add(p,
                         json_pack("{s:s s:s s:s s:s}", "kind", "step-failed",
                                   "role", r->party->role, "verb", r->what,
                                   "why", "the process ended"));
        } else if (now_us(p) >= r->deadline_us) {
            r->done = 1;
            evidence_add(p,
                         json_pack("{s:s s:s s:s s:s}", "kind", "step-failed",
                                   "role", r->party->role, "verb", r->what,
                                   "why", "no answer in time"));
        } else {
            n++;
        }
    }
    return n;
}

static void poll_once(struct play *p, int ms)
{
    struct pollfd fds[PLAY_MAX_PARTIES + 1];
    struct party *who[PLAY_MAX_PARTIES + 1];
    nfds_t n = 0;
    for (size_t i = 0; i < p->num_parties; i++) {
        if (p->parties[i].out >= 0) {
            who[n] = &p->parties[i];
            fds[n++] = (struct pollfd){p->parties[i].out, POLLIN, 0};
        }
    }
    if (p->recorder != NULL) {
        who[n] = NULL;
        fds[n++] = (struct pollfd){recorder_fd(p->recorder), POLLIN, 0};
    }
    if (poll(fds, n, ms) <= 0) {
        return;
    }
    for (nfds_t i = 0; i < n; i++) {
        if (fds[i].revents == 0) {
            continue;
        }
        if (who[i] != NULL) {
            party_read(p, who[i]);
        } else {
            recorder_poll(p->recorder);
        }
    }
}

void play_wait(struct play *p, int from, unsigned ms)
{
    uint64_t end = now_us(p) + ms * 1000ull;
    for (;;) {
        uint64_t now = now_us(p);
        if (from > 0 ? pending(p, from) == 0 : now >= end) {
            return;
        }
        uint64_t left = from > 0 ? 20 : (end - now) / 1000 + 1;
        poll_once(p, (int)(left > 20 ? 20 : left));
    }
}

/* ---- steps ---- */

/* Names of parties stand for their identities in the arguments of a step. */
static const char *resolve(struct play *p, const char *key, const char *value)
{
    static const char *const keys[] = {
        "to", "user", "account", "called", "esk_for",
        "as", "for",  "from",    "idi",    "identity"};
    size_t k = 0;
    while (k < sizeof keys / sizeof *keys && strcmp(keys[k], key) != 0) {
        k++;
    }
    if (k == sizeof keys / sizeof *keys) {
        return value;
    }
    if (strcmp(value, "VM") == 0) {
        return play_pixit(p, "PX_VM_URI", "sip:vm@vm.home-b.example");
    }
    for (size_t i = 0; i < sizeof role_table / sizeof *role_table; i++) {
        if (strcmp(role_table[i].role, value) == 0) {
            return role_table[i].identity;
        }
    }
    return value;
}

/* A PIXIT item stands for its time, in milliseconds. unit_ms: what a bare
 * number counts (ims-deferred-delivery, 8.2). */
static const struct {
    const char *item;
    unsigned fallback_ms, unit_ms;
} pixit_times[] = {{"PX_MWI_TIME", 10000, 1000},
                   {"PX_T_I2", 32000, 1000},
                   {"PX_T_R2", 3000, 1000},
                   {"PX_T_QUIET", 300, 1},
                   {"PX_NO_REPLY_MS", 200, 1}};

static unsigned time_ms(const char *text, unsigned unit_ms, unsigned fallback)
{
    char *end = NULL;
    unsigned long v = strtoul(text, &end, 10);
    end += strspn(end, " ");
    unsigned long unit = strcmp(end, "ms") == 0  ? 1
                         : strcmp(end, "s") == 0 ? 1000
                         : *end == '\0'          ? unit_ms
                                                 : 0;
    int sound = text[0] >= '0' && text[0] <= '9' && unit > 0 && v <= 86400;
    return sound ? (unsigned)(v * unit) : fallback;
}

/* 1 and *out if the value names such an item. */
static int pixit_time(struct play *p, const char *value, unsigned *out)
{
    for (size_t i = 0; i < sizeof pixit_times / sizeof *pixit_times; i++) {
        unsigned fallback = pixit_times[i].fallback_ms;
        if (strcmp(pixit_times[i].item, value) == 0) {
            const char *v = play_pixit(p, value, NULL);
            *out = v == NULL ? fallback
                             : time_ms(v, pixit_times[i].unit_ms, fallback);
            return 1;
        }
    }
    return 0;
}

static json_t *step_message(struct play *p, const struct scn_step *step)
{
    json_t *m = json_pack("{s:s}", "verb", step->verb);
    for (size_t i = 0; m != NULL && i < step->num_args; i++) {
        const char *k = step->args[i].key;
        const char *v = resolve(p, k, step->args[i].value);
        char *path = NULL;
        if (strcmp(k, "media") == 0 && strchr(v, '.') != NULL &&
            strchr(v, '/') == NULL) {
            path = mem_printf("%s/%s", p->cfg->media, v);
            v = path;
        }
        int number = *v != '\0' && strlen(v) < 10 &&
                     strspn(v, "0123456789") == strlen(v);
        unsigned ms = 0;
        if (pixit_time(p, v, &ms)) {
            json_object_set_new(m, k, json_integer(ms));
        } else {
            json_object_set_new(
                m, k, number ? json_integer(atoi(v)) : json_string(v));
        }
        mem_free(path);
    }
    if (m != NULL && strcmp(step->verb, "fetch") == 0) {
        json_object_set_new(m, "out", json_string(p->cfg->out));
        json_object_set_new(m, "next", json_integer(p->rendered + 1));
    }
    return m;
}

static void send_edits(struct play *p, struct party *party,
                       const struct scn_step *step)
{
    json_t *lines = json_array();
    static const char *const ops[] = {"set",    "drop",     "repeat", "insert",
                                      "append", "truncate", "flip"};
    for (size_t i = 0; step != NULL && i < step->edits.num; i++) {
        const struct edit *e = &step->edits.items[i];
        char *line = mem_printf("%s %s %s %s", e->message, ops[e->op], e->path,
                                e->value);
        json_array_append_new(lines, json_string(line != NULL ? line : ""));
        mem_free(line);
    }
    int id = play_send(p, party,
                       json_pack("{s:s s:o}", "verb", "edit", "edits", lines),
                       "edit", 5000);
    play_wait(p, id, 0);
}

static void run_step(struct play *p, const struct scn_step *step)
{
    unsigned timeout =
        p->cfg->step_timeout_ms != 0 ? p->cfg->step_timeout_ms : 15000;
    log_at(p->cfg->log, LOG_NOTE, "%s", step->text);
    if (step->role[0] == '\0') {
        unsigned ms = (unsigned)atoi(scn_step_arg(step, "ms", "0"));
        play_wait(p, 0, ms);
        evidence_add(p, json_pack("{s:s s:i}", "kind", "quiet", "ms", (int)ms));
        return;
    }
    if (strcmp(step->verb, "join") == 0) {
        play_wait(p, 1, 0);
        return;
    }
    struct party *party = play_party(p, step->role);
    if (party->listen_only) {
        evidence_add(p, json_pack("{s:s s:s s:s s:s}", "kind", "step-failed",
                                  "role", party->role, "verb", step->verb,
                                  "why", "the party only listens"));
        return;
    }
    if (strcmp(step->verb, "restart") == 0) {
        party_restart(p, party, scn_step_arg(step, "signal", "KILL"));
        return;
    }
    if (strcmp(step->verb, "edit") == 0) {
        send_edits(p, party, step); /* until the next one */
        return;
    }
    if (step->edits.num > 0) {
        send_edits(p, party, step);
    }
    json_t *m = step_message(p, step);
    /* The party is given the time that the step itself takes. */
    json_int_t own = json_integer_value(json_object_get(m, "timeout_ms"));
    if (own > 0 && own < 86400000 && (unsigned)own + GRACE_MS > timeout) {
        timeout = (unsigned)own + GRACE_MS;
    }
    int id = play_send(p, party, m, step->verb, timeout);
    if (!step->async) {
        play_wait(p, id, 0);
    }
    if (step->edits.num > 0 && !step->async) {
        send_edits(p, party, NULL);
    }
}

/* ---- set-up and end ---- */

static const char *iut_adapter(const struct play_config *cfg, const char *role)
{
    for (size_t i = 0; i < cfg->num_iuts; i++) {
        if (strcmp(cfg->iuts[i].role, role) == 0) {
            return cfg->iuts[i].adapter;
        }
    }
    return NULL;
}

static enum status start_party(struct play *p, const char *role, char why[512])
{
    struct party *party = &p->parties[p->num_parties++];
    *party = (struct party){.role = role, .in = -1, .out = -1};
    for (size_t i = 0; i < sizeof role_table / sizeof *role_table; i++) {
        if (strcmp(role_table[i].role, role) == 0) {
            party->identity = role_table[i].identity;
            snprintf(party->address, sizeof party->address, "%s%u",
                     p->net_prefix, p->net_base + role_table[i].host);
        }
    }
    party->is_iut = strcmp(role, p->scn->role) == 0;
    uint8_t psk[16];
    if (env_random(&p->env, psk, sizeof psk) != STATUS_OK) {
        snprintf(why, 512, "no randomness");
        return STATUS_IO;
    }
    hex_encode(party->psk, psk, sizeof psk);
    const char *adapter = iut_adapter(p->cfg, role);
    if (adapter != NULL && strncmp(adapter, "listen:", 7) == 0) {
        const char *colon = strchr(adapter + 7, ':');
        size_t n = colon != NULL ? (size_t)(colon - adapter - 7) : 0;
        if (n == 0 || n >= sizeof party->address) {
            snprintf(why, 512, "'%s' must be listen:ADDRESS:PORT", adapter);
            return STATUS_SYNTAX;
        }
        snprintf(party->address, sizeof party->address, "%.*s", (int)n,
                 adapter + 7);
        party->listen_only = 1;
        return STATUS_OK;
    }
    if (adapter != NULL && strncmp(adapter, "exec:", 5) != 0) {
        snprintf(why, 512,
                 "adapter '%s' must begin with exec: or listen:", adapter);
        return STATUS_SYNTAX;
    }
    return party_spawn(p, party, adapter != NULL ? adapter + 5 : NULL, why);
}

static enum status split_net(struct play *p, char why[512])
{
    const char *net = p->cfg->net;
    const char *dot = strrchr(net, '.');
    if (strncmp(net, "127.", 4) != 0 || dot == NULL ||
        atoi(dot + 1) % 16 != 0) {
        snprintf(why, 512,
                 "'%s' is not the first address of a /28 in "
                 "127.0.0.0/8; use one such as 127.9.3.0",
                 net);
        return STATUS_BAD_VALUE;
    }
    p->net_prefix = mem_strndup(net, (size_t)(dot - net) + 1);
    p->net_base = (unsigned)atoi(dot + 1);
    return p->net_prefix != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

static enum status start_recording(struct play *p, char why[512])
{
    char filter[64];
    char sentinel[32];
    char text[RECORD_ERROR_TEXT] = "";
    char *path = mem_printf("%s/capture.pcap", p->cfg->out);
    snprintf(filter, sizeof filter, "net %s/28", p->cfg->net);
    snprintf(sentinel, sizeof sentinel, "%s%u", p->net_prefix,
             p->net_base + SENTINEL_HOST);
    struct recorder_config rc = {
        .filter = filter, .path = path, .sentinel = sentinel};
    enum status st = p->cfg->force_taps
                         ? STATUS_PERMISSION
                         : recorder_open(&p->recorder, &rc, text);
    if (st == STATUS_PERMISSION) {
        log_at(p->cfg->log, LOG_WARN,
               "no live capture (%s): the agents' own "
               "octets are written instead",
               p->cfg->force_taps ? "as asked" : text);
        p->taps = 1;
        st = tap_open(&p->tap, path, text);
    }
    if (st != STATUS_OK) {
        snprintf(why, 512, "cannot record: %s", text);
    }
    mem_free(path);
    return st;
}

static void stop_recording(struct play *p)
{
    json_int_t until = (json_int_t)p->until_us;
    if (p->recorder != NULL) {
        struct recorder_stats rs = {0};
        recorder_stop(p->recorder, &rs);
        evidence_add(p, json_pack("{s:s s:s s:I s:I s:b s:I}", "kind",
                                  "capture", "mode", "live", "received",
                                  (json_int_t)rs.written, "dropped",
                                  (json_int_t)rs.dropped, "drained", rs.drained,
                                  "until_us", until));
        p->recorder = NULL;
    }
    if (p->tap != NULL) {
        tap_close(p->tap);
        p->tap = NULL;
        evidence_add(p, json_pack("{s:s s:s s:I}", "kind", "capture", "mode",
                                  "taps", "until_us", until));
    }
}

static void stop_parties(struct play *p)
{
    int first = p->next_id + 1;
    p->stopping = 1;
    p->until_us = now_us(p);
    for (size_t i = 0; i < p->num_parties; i++) {
        if (p->parties[i].pid > 0) {
            play_send(p, &p->parties[i], json_pack("{s:s}", "verb", "quit"),
                      "quit", 2000);
        }
    }
    play_wait(p, first, 0);
    stop_recording(p);
    for (size_t i = 0; i < p->num_parties; i++) {
        party_stop(p, &p->parties[i], 2000);
    }
    store_scan(p);
}

static enum status open_files(struct play *p, char why[512])
{
    if (mkdir(p->cfg->out, 0755) != 0 && errno != EEXIST) {
        snprintf(why, 512, "cannot make %s: %s", p->cfg->out, strerror(errno));
        return STATUS_IO;
    }
    bundle_clean(p);
    p->keys_path = mem_printf("%s/keys.log", p->cfg->out);
    char *ev = mem_printf("%s/evidence.jsonl", p->cfg->out);
    if (p->keys_path == NULL || ev == NULL) {
        mem_free(ev);
        return STATUS_NO_MEMORY;
    }
    unlink(p->keys_path);
    p->evidence = fopen(ev, "we");
    mem_free(ev);
    FILE *k = fopen(p->keys_path, "we");
    if (p->evidence == NULL || k == NULL) {
        snprintf(why, 512, "cannot write into %s: %s", p->cfg->out,
                 strerror(errno));
        if (k != NULL) {
            fclose(k);
        }
        return STATUS_IO;
    }
    fprintf(k, "# key log of %s (docs/KEYLOG.md)\n", p->scn->id);
    fclose(k);
    struct ytree_error ye;
    p->ibe = ytree_load(p->cfg->ibe, &ye);
    if (p->ibe == NULL) {
        snprintf(why, 512, "%s:%u: %s", p->cfg->ibe, ye.line, ye.text);
        return STATUS_SYNTAX;
    }
    return STATUS_OK;
}

static void play_cleanup(struct play *p)
{
    for (size_t i = 0; i < p->num_requests; i++) {
        json_decref(p->requests[i].answer);
        mem_free(p->requests[i].what);
    }
    mem_free(p->requests);
    json_decref(p->told);
    mem_free(p->net_prefix);
    mem_free(p->keys_path);
    ytree_free(p->ibe);
    if (p->evidence != NULL) {
        fclose(p->evidence);
    }
}

enum status play_scenario(const struct scenario *s,
                          const struct play_config *cfg, char why[512])
{
    struct play p = {.scn = s, .cfg = cfg};
    why[0] = '\0';
    signal(SIGPIPE, SIG_IGN); /* a party that is gone is seen by its pipe */
    env_init_seeded(&p.env, cfg->seed);
    char started[28];
    utc_rfc3339(started, env_now_us(&p.env));
    enum status st = open_files(&p, why);
    st = st != STATUS_OK ? st : split_net(&p, why);
    st = st != STATUS_OK ? st : start_recording(&p, why);
    for (size_t i = 0; st == STATUS_OK && s->parties[i] != NULL; i++) {
        st = start_party(&p, s->parties[i], why);
    }
    st = st != STATUS_OK ? st : play_provision(&p, why);
    for (size_t i = 0; st == STATUS_OK && i < s->num_steps; i++) {
        run_step(&p, &s->steps[i]);
    }
    if (st == STATUS_OK) {
        play_wait(&p, 1, 0);
    }
    stop_parties(&p);
    if (st == STATUS_OK) {
        st = bundle_write_plan(&p, started, why);
    }
    if (st != STATUS_OK && why[0] == '\0') {
        snprintf(why, 512, "%s", status_name(st));
    }
    play_cleanup(&p);
    return st;
}
