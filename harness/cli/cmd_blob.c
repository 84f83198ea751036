/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* latchkey blob: one MIKEY message, valid or with a named defect. */
#include "harness/cli/cli.h"

#include "harness/base/mem.h"
#include "harness/base/text.h"
#include "harness/base/ytree.h"
#include "harness/cli/blob.h"
#include "harness/cli/decode.h"
#include "harness/cli/home.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define VERB "blob"
#define MAX_FILE (1u << 20)
#define MAX_SIPP 1000000u
/* With a seed, T is the current time rounded down to this: calls that belong
 * together agree on it, and no clock check minds. */
#define SEED_STEP_US 120000000u

enum format { FORMAT_BASE64, FORMAT_KEY_MGMT, FORMAT_HEX, FORMAT_BIN };

static const char *const formats[] = {"base64", "key-mgmt", "hex", "bin"};
static const char *const messages[] = {
    "I_MESSAGE_1",     "R_MESSAGE_1",      "I_MESSAGE_2", "R_MESSAGE_2",
    "REQUEST_KEY_PSK", "REQUEST_KEY_RESP", "Error"};

struct options {
    struct blob_request rq;
    struct blob_keys keys;
    const char *message; /* name, as edits know it */
    const char *ibe;
    const char *keys_in;
    const char *in;
    const char *i1;
    const char *out;
    enum format format;
    uint64_t sipp;
    int timed;
    struct wr octets_in, octets_i1;
    uint8_t scalar[ECDH_MAX_SCALAR];
    uint8_t psk[64];
};

/* ---- the command line ---- */

static int word_index(const char *word, const char *const *list, size_t num)
{
    for (size_t i = 0; i < num; i++) {
        if (strcasecmp(word, list[i]) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static int bad_value(const char *name, const char *value, const char *want)
{
    fprintf(stderr, "latchkey blob: %s %s: %s\n", name, value, want);
    return 0;
}

static int take_hex(const char *name, const char *value, uint8_t *buf,
                    size_t cap, struct view *out)
{
    size_t len = 0;
    if (hex_decode(buf, cap, &len, value, strlen(value)) != STATUS_OK ||
        len == 0) {
        return bad_value(name, value, "not hex, or too long");
    }
    *out = (struct view){buf, len};
    return 1;
}

/* "I_MESSAGE_2 set PATH VALUE", or "set PATH VALUE" for the message made. */
static int take_edit(struct options *o, const char *line)
{
    const char *why = NULL;
    size_t n = strcspn(line, " ");
    char *whole = n > 0 && islower((unsigned char)line[0]) && o->message != NULL
                      ? mem_printf("%s %s", o->message, line)
                      : mem_strdup(line);
    enum status s = whole == NULL ? STATUS_NO_MEMORY
                                  : edit_list_add(&o->rq.edits, whole, &why);
    mem_free(whole);
    return s == STATUS_OK
               ? 1
               : bad_value("--edit", line, why != NULL ? why : status_name(s));
}

static int take_pixit(struct options *o, const char *value)
{
    const char *eq = strchr(value, '=');
    char item[64];
    if (eq == NULL || (size_t)(eq - value) >= sizeof item) {
        return bad_value("--px", value, "write ITEM=VALUE");
    }
    snprintf(item, sizeof item, "%.*s", (int)(eq - value), value);
    switch ((int)ibake_profile_set(&o->rq.profile, item, eq + 1)) {
    case STATUS_OK:
        return 1;
    case STATUS_NOT_FOUND:
        return bad_value("--px", value, "no item of MIKEY-IBAKE messages");
    default:
        return bad_value("--px", value, "not a value of this item");
    }
}

static int take_number(struct options *o, const char *name, const char *value)
{
    uint64_t n = 0;
    if (strcmp(name, "--seed") == 0) {
        o->rq.seeded = 1;
        return cli_number(value, UINT64_MAX >> 1, &o->rq.seed) ||
               bad_value(name, value, "not a number");
    }
    if (strcmp(name, "--sipp") == 0) {
        return (cli_number(value, MAX_SIPP, &o->sipp) && o->sipp > 0) ||
               bad_value(name, value, "not a number from 1 to 1000000");
    }
    if (!cli_number(value, 255, &n)) {
        return bad_value(name, value, "not a number from 0 to 255");
    }
    o->rq.error_no = (uint8_t)n;
    return 1;
}

/* Returns 0 for an unknown option, -1 for a bad value (said on stderr). */
static int take_option(struct options *o, const char *name, const char *value)
{
    const struct {
        const char *name;
        const char **to;
    } strings[] = {
        {"--from", &o->rq.from},
        {"--to", &o->rq.to},
        {"--called", &o->rq.called},
        {"--kms", &o->rq.kms},
        {"--esk-for", &o->rq.esk_for},
        {"--ibe", &o->ibe},
        {"--params", &o->ibe},
        {"--keys", &o->keys_in},
        {"--key-log", &o->keys_in},
        {"--keys-out", &o->keys.out_path},
        {"--in", &o->in},
        {"--i1", &o->i1},
        {"--out", &o->out},
    };
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++) {
        if (strcmp(strings[i].name, name) == 0) {
            *strings[i].to = value;
            return 1;
        }
    }
    int ok = 0;
    if (strcmp(name, "--edit") == 0) {
        ok = take_edit(o, value);
    } else if (strcmp(name, "--px") == 0) {
        ok = take_pixit(o, value);
    } else if (strcmp(name, "--seed") == 0 || strcmp(name, "--sipp") == 0 ||
               strcmp(name, "--error-no") == 0) {
        ok = take_number(o, name, value);
    } else if (strcmp(name, "--scalar") == 0) {
        ok = take_hex(name, value, o->scalar, sizeof o->scalar, &o->rq.scalar);
    } else if (strcmp(name, "--psk") == 0) {
        ok = take_hex(name, value, o->psk, sizeof o->psk, &o->rq.psk);
    } else if (strcmp(name, "--time") == 0) {
        o->timed = 1;
        ok = utc_parse(&o->rq.time_us, value) == STATUS_OK ||
             bad_value(name, value, "write 2026-01-05T12:00:00Z or 20260105");
    } else if (strcmp(name, "--format") == 0) {
        int f = word_index(value, formats, 4);
        o->format = f >= 0 ? (enum format)f : FORMAT_BASE64;
        ok = f >= 0 ||
             bad_value(name, value, "there are base64, key-mgmt, hex, bin");
    } else {
        return 0;
    }
    return ok ? 1 : -1;
}

/* The message first, since edits may leave out its name. */
static int find_message(struct options *o, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        int m =
            word_index(argv[i], messages, sizeof messages / sizeof *messages);
        if (m >= 0) {
            o->rq.message = (enum blob_message)m;
            o->message = messages[m];
            argv[i] = NULL;
            return 1;
        }
    }
    return 0;
}

/* Returns CLI_OK or the exit code. */
static int parse(struct options *o, int argc, char **argv)
{
    if (!find_message(o, argc, argv)) {
        fprintf(stderr,
                "latchkey blob: which message? I_MESSAGE_1, R_MESSAGE_1, "
                "I_MESSAGE_2, R_MESSAGE_2, REQUEST_KEY_PSK, "
                "REQUEST_KEY_RESP or Error\n");
        return CLI_USAGE;
    }
    for (int i = 1; i < argc; i++) {
        if (argv[i] == NULL) {
            continue;
        }
        if (strcmp(argv[i], "--with-esk") == 0) {
            o->rq.with_esk = 1;
            continue;
        }
        int taken = i + 1 < argc && argv[i + 1] != NULL
                        ? take_option(o, argv[i], argv[i + 1])
                        : 0;
        if (taken <= 0) {
            return taken < 0 ? CLI_USAGE : cli_usage(&cmd_blob);
        }
        i++;
    }
    return CLI_OK;
}

/* ---- inputs ---- */

static int add_hex(struct wr *w, const char *text)
{
    size_t digits = strcspn(text, " \t\r\n");
    size_t len = 0;
    wr_fill(w, 0, digits / 2);
    return w->err == STATUS_OK &&
           hex_decode(w->data, w->len, &len, text, digits) == STATUS_OK;
}

/* --ibe: a file as scenarios/ibe/p1536.yaml, or the parameters alone in hex. */
static int read_ibe(struct options *o, const char *path)
{
    struct wr w;
    struct ytree_error err = {0};
    int code = cli_read(VERB, path, MAX_FILE, &w);
    wr_u8(&w, 0);
    if (code != CLI_OK || w.err != STATUS_OK) {
        wr_cleanup(&w);
        return code != CLI_OK ? code : CLI_INTERNAL;
    }
    const char *text = (const char *)w.data;
    size_t digits = strspn(text, "0123456789abcdefABCDEF");
    int ok = 0;
    if (digits > 0 && text[digits + strspn(text + digits, " \r\n")] == '\0') {
        ok = add_hex(&o->keys.params, text);
    } else {
        struct ynode *n = ytree_parse(text, w.len - 1, &err);
        const char *params = ynode_str(n, "params", "");
        ok = params[0] != '\0' && add_hex(&o->keys.params, params) &&
             add_hex(&o->keys.master, ynode_str(n, "master", ""));
        ytree_free(n);
    }
    wr_cleanup(&w);
    if (!ok) {
        fprintf(stderr,
                "latchkey blob: %s: neither parameters in hex nor a file "
                "with 'params' and 'master'\n",
                path);
    }
    return ok ? CLI_OK : CLI_INVALID;
}

static int read_keys(struct options *o)
{
    struct keylog_error err = {0};
    if (o->keys_in == NULL) {
        return CLI_OK;
    }
    o->keys.log = keylog_load(o->keys_in, &err);
    if (o->keys.log == NULL) {
        fprintf(stderr, "latchkey blob: %s:%u: %s\n", o->keys_in, err.line,
                err.text);
    }
    return o->keys.log != NULL ? CLI_OK : CLI_INVALID;
}

/* The first MIKEY message of a file, in any form that decode reads. */
static int read_message(const char *path, struct wr *octets, struct view *out)
{
    struct wr w;
    struct decode_set set = {0};
    int code = cli_read(VERB, path, MAX_FILE, &w);
    if (code == CLI_OK) {
        enum status s =
            decode_collect(&set, path, (struct view){w.data, w.len});
        if (s == STATUS_OK && set.num > 0 && set.items[0]->data != NULL) {
            wr_init(octets);
            wr_bytes(octets, set.items[0]->data, set.items[0]->len);
            *out = (struct view){octets->data, octets->len};
        } else {
            fprintf(stderr, "latchkey blob: %s: no MIKEY message in it\n",
                    path);
            code = CLI_INVALID;
        }
    }
    decode_clear(&set);
    wr_cleanup(&w);
    return code;
}

static int read_inputs(struct options *o)
{
    char path[PATH_MAX];
    int code = read_keys(o);
    int log_has_params = o->keys.log != NULL &&
                         (keylog_num(o->keys.log, KEYLOG_IBE_PARAMS) > 0 ||
                          keylog_num(o->keys.log, KEYLOG_IBE_MASTER) > 0);
    if (code == CLI_OK && (o->ibe != NULL || !log_has_params)) {
        home_path(path, sizeof path, "scenarios/ibe/p1536.yaml");
        code = read_ibe(o, o->ibe != NULL ? o->ibe : path);
    }
    if (code == CLI_OK && o->in != NULL) {
        code = read_message(o->in, &o->octets_in, &o->rq.in);
    }
    if (code == CLI_OK && o->i1 != NULL) {
        code = read_message(o->i1, &o->octets_i1, &o->rq.i1);
    }
    return code;
}

/* ---- defaults and what does not go together ---- */

static int complain(const char *text)
{
    fprintf(stderr, "latchkey blob: %s\n", text);
    return CLI_USAGE;
}

static void defaults(struct options *o)
{
    struct blob_request *rq = &o->rq;
    struct env env;
    env_init_system(&env);
    if (rq->message == BLOB_I1 && rq->called == NULL) {
        rq->called = rq->to; /* whom A calls */
    }
    rq->from = rq->from != NULL ? rq->from : "sip:alice@home-a.example";
    rq->called = rq->called != NULL ? rq->called : "sip:bob@home-b.example";
    rq->to = rq->to != NULL ? rq->to : "sip:bob-mbx@vm.home-b.example";
    rq->kms = rq->kms != NULL ? rq->kms : "sip:kms.home-b.example";
    if (!o->timed) {
        rq->time_us = env_now_us(&env);
        rq->time_us -= rq->seeded ? rq->time_us % SEED_STEP_US : 0;
    }
    if (rq->psk.len == 0) {
        static const uint8_t psk[16] = "latchkey-psk-16";
        rq->psk = (struct view){psk, sizeof psk};
    }
}

static int check(const struct options *o)
{
    char why[256] = "";
    const struct blob_request *rq = &o->rq;
    int has_in = o->in != NULL;
    if (has_in && (rq->message == BLOB_I1 || rq->message == BLOB_KEY_REQUEST)) {
        return complain("this message answers none: no --in");
    }
    if (has_in && o->i1 == NULL &&
        (rq->message == BLOB_I2 || rq->message == BLOB_R2)) {
        return complain(
            "--in needs the I_MESSAGE_1 of the exchange, too: --i1");
    }
    if (o->i1 != NULL && !has_in && rq->message != BLOB_R1) {
        return complain("--i1 goes with --in, the message answered");
    }
    if (o->sipp > 0 && (has_in || o->i1 != NULL)) {
        return complain("--sipp makes exchanges of its own: no --in, no --i1");
    }
    if (ibake_edits_check(&rq->edits, why, sizeof why) != STATUS_OK) {
        return complain(why);
    }
    return CLI_OK;
}

/* ---- output ---- */

static void put(struct wr *out, enum format format, const struct wr *msg)
{
    char *text = NULL;
    switch (format) {
    case FORMAT_BIN:
        wr_bytes(out, msg->data, msg->len);
        return;
    case FORMAT_HEX:
        text = hex_new(msg->data, msg->len);
        break;
    case FORMAT_KEY_MGMT:
        wr_str(out, "a=key-mgmt:mikey ");
        /* fall through */
    case FORMAT_BASE64:
        text = base64_new(msg->data, msg->len);
        break;
    }
    if (text == NULL) {
        out->err = STATUS_NO_MEMORY;
        return;
    }
    wr_str(out, text);
    mem_free(text);
}

static int make_one(struct options *o, struct wr *out)
{
    struct wr msg;
    char why[256] = "";
    wr_init(&msg);
    enum status s = blob_make(&o->rq, &o->keys, &msg, why);
    if (s == STATUS_OK) {
        put(out, o->format, &msg);
    } else {
        fprintf(stderr, "latchkey blob: %s\n", why);
    }
    wr_cleanup(&msg);
    if (o->keys.why[0] != '\0') {
        fprintf(stderr, "latchkey blob: %s: %s\n", o->keys.out_path,
                o->keys.why);
        return CLI_INVALID;
    }
    return s == STATUS_OK          ? CLI_OK
           : s == STATUS_NO_MEMORY ? CLI_INTERNAL
                                   : CLI_INVALID;
}

/* Injection file of SIPp: field0 the message, field1 and field2 who calls
 * whom. */
static int make_sipp(struct options *o, struct wr *out)
{
    int code = CLI_OK;
    uint64_t first = o->rq.seed;
    wr_str(out, "SEQUENTIAL\n");
    for (uint64_t i = 0; code == CLI_OK && i < o->sipp; i++) {
        o->rq.seed = first + i;
        code = make_one(o, out);
        wr_printf(out, ";%s;%s\n", o->rq.from, o->rq.called);
    }
    return code;
}

static int tell_params(struct options *o)
{
    struct view params = {o->keys.params.data, o->keys.params.len};
    struct view master = {o->keys.master.data, o->keys.master.len};
    if (o->keys.out_path == NULL) {
        return CLI_OK;
    }
    struct keylog_error err = {0};
    o->keys.told = keylog_load(o->keys.out_path, &err);
    if (o->keys.told == NULL && err.status == STATUS_NOT_FOUND) {
        o->keys.told = keylog_new();
    }
    if (o->keys.told == NULL) {
        fprintf(stderr, "latchkey blob: %s:%u: %s\n", o->keys.out_path,
                err.line, err.text);
        return CLI_INVALID;
    }
    if (params.len > 0) {
        blob_secret(&o->keys, "IBE_PARAMS", (struct view){0}, params);
    }
    if (master.len > 0) {
        blob_secret(&o->keys, "IBE_MASTER", params, master);
    }
    return CLI_OK;
}

static int blob_run(struct options *o)
{
    struct wr out;
    wr_init(&out);
    int code = tell_params(o);
    if (code == CLI_OK) {
        code = o->sipp > 0 ? make_sipp(o, &out) : make_one(o, &out);
    }
    if (code == CLI_OK && o->sipp == 0 && o->format != FORMAT_BIN) {
        wr_str(&out, "\n");
    }
    if (code == CLI_OK && o->out != NULL && out.err == STATUS_OK) {
        code = cli_write(VERB, o->out, (struct view){out.data, out.len}, 0);
    } else if (code == CLI_OK) {
        code = cli_print(VERB, &out);
    }
    wr_cleanup(&out);
    return code;
}

static int run(int argc, char **argv)
{
    struct options o = {0};
    ibake_profile_strict(&o.rq.profile);
    wr_init(&o.keys.params);
    wr_init(&o.keys.master);
    int code = parse(&o, argc, argv);
    if (code == CLI_OK) {
        defaults(&o);
        code = check(&o);
    }
    if (code == CLI_OK) {
        code = read_inputs(&o);
    }
    if (code == CLI_OK) {
        code = blob_run(&o);
    }
    keylog_free(o.keys.log);
    keylog_free(o.keys.told);
    wr_cleanup(&o.keys.params);
    wr_cleanup(&o.keys.master);
    wr_cleanup(&o.octets_in);
    wr_cleanup(&o.octets_i1);
    edit_list_clear(&o.rq.edits);
    mem_wipe(&o, sizeof o);
    return code;
}

const struct cmd cmd_blob = {
    .name = "blob",
    .args = "MESSAGE [--from ID] [--to ID] [--called ID] [--edit LINE]... "
            "[--seed N] [options]",
    .summary = "make one MIKEY message, valid or with a named defect",
    .help =
        "MESSAGE: I_MESSAGE_1, R_MESSAGE_1, I_MESSAGE_2, R_MESSAGE_2, "
        "REQUEST_KEY_PSK,\nREQUEST_KEY_RESP, Error. What comes before it is "
        "made, "
        "too, unless given.\n\n"
        "  --from ID --called ID --to ID  initiator; who is called; who "
        "answers "
        "(if not the\n                  one called: deferred form). Of "
        "I_MESSAGE_1, "
        "--to is who is called\n"
        "  --edit LINE     defect, as in docs/EDITS.md: 'set mikey.HDR.V 0'\n"
        "  --seed N        same octets each time; the same N for messages of "
        "one "
        "exchange\n"
        "  --time T        T of the first message (default: now; with --seed, "
        "of "
        "this 2 min)\n"
        "  --in FILE       the message answered; --i1 FILE the I_MESSAGE_1 of "
        "its "
        "exchange\n"
        "  --scalar HEX    x or y of the sender; or in --keys FILE, a key log\n"
        "  --ibe FILE      IBE parameters, with master secret or alone in hex "
        "(--params)\n"
        "  --px ITEM=VALUE PIXIT values: PX_CURVE, PX_PRF, PX_SK_PROFILE, "
        "PX_CS_PROFILE, ...\n"
        "  --with-esk, --esk-for ID, --error-no N, --kms ID, --psk HEX\n"
        "  --keys-out FILE append the secrets to a key log\n"
        "  --format F      base64 (default), key-mgmt, hex, bin; --out FILE\n"
        "  --sipp N        SIPp injection file of N: message;from;called\n\n"
        "Exit code: 0, 4 input that cannot be used or a message that cannot be "
        "made, 64 usage.",
    .run = run,
};
