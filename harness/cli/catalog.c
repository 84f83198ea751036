/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Loads the catalogue from the data files of this installation. */
#include "harness/cli/catalog.h"

#include "harness/base/mem.h"
#include "harness/cli/cli.h"
#include "harness/cli/home.h"

#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int by_id(const void *a, const void *b)
{
    const struct catalog_tp *x = a;
    const struct catalog_tp *y = b;
    return strcmp(x->scn->id, y->scn->id);
}

static int load_one(struct catalog_tp *tp, const char *verb, const char *path,
                    size_t root)
{
    struct scn_error err = {0};
    enum status s = scenario_load(&tp->scn, path, &err);
    if (s != STATUS_OK) {
        fprintf(stderr, "latchkey %s: %s:%u: %s\n", verb, path, err.line,
                err.text[0] != '\0' ? err.text : status_name(s));
        return s == STATUS_NO_MEMORY ? CLI_INTERNAL : CLI_INVALID;
    }
    tp->path = mem_strdup(path + root);
    return tp->path != NULL ? CLI_OK : CLI_INTERNAL;
}

static int load_tps(struct catalog *c, const char *verb, const char *folder)
{
    glob_t g = {0};
    char *pattern = mem_printf("%s/*/*/tp_*.yaml", folder);
    size_t root = strlen(folder) - strlen("scenarios");
    int code = CLI_OK;
    if (pattern == NULL || glob(pattern, 0, NULL, &g) == GLOB_NOSPACE) {
        code = CLI_INTERNAL;
    }
    c->tps = mem_alloc((g.gl_pathc + 1) * sizeof *c->tps);
    if (c->tps == NULL) {
        code = CLI_INTERNAL;
    }
    for (size_t i = 0; code == CLI_OK && i < g.gl_pathc; i++) {
        code = load_one(&c->tps[c->num_tps++], verb, g.gl_pathv[i], root);
    }
    if (code == CLI_OK && c->num_tps > 0) {
        qsort(c->tps, c->num_tps, sizeof *c->tps, by_id);
    }
    globfree(&g);
    mem_free(pattern);
    return code;
}

int catalog_load(struct catalog *c, const char *verb)
{
    char path[PATH_MAX];
    struct ytree_error err = {0};
    *c = (struct catalog){0};
    if (!home_path(path, sizeof path, "scenarios")) {
        fprintf(stderr,
                "latchkey %s: %s: no scenarios there; set LATCHKEY_HOME "
                "to the folder that holds them\n",
                verb, path);
        return CLI_INVALID;
    }
    int code = load_tps(c, verb, path);
    if (code == CLI_INTERNAL) {
        fprintf(stderr, "latchkey %s: out of memory\n", verb);
    }
    if (code == CLI_OK) {
        home_path(path, sizeof path, "scenarios/requirements.yaml");
        c->items = ytree_load(path, &err);
        if (c->items == NULL) {
            fprintf(stderr, "latchkey %s: %s:%u: %s\n", verb, path, err.line,
                    err.text);
            code = CLI_INVALID;
        }
    }
    if (code != CLI_OK) {
        catalog_free(c);
    }
    return code;
}

void catalog_free(struct catalog *c)
{
    for (size_t i = 0; i < c->num_tps; i++) {
        scenario_free(c->tps[i].scn);
        mem_free(c->tps[i].path);
    }
    mem_free(c->tps);
    ytree_free(c->items);
    *c = (struct catalog){0};
}

const struct catalog_tp *catalog_tp(const struct catalog *c, const char *id)
{
    for (size_t i = 0; i < c->num_tps; i++) {
        if (strcmp(c->tps[i].scn->id, id) == 0) {
            return &c->tps[i];
        }
    }
    return NULL;
}

int catalog_has(const struct ynode *list, const char *value)
{
    const struct ynode *n = list != NULL ? list->first : NULL;
    for (; n != NULL; n = n->next) {
        if (n->kind == YNODE_SCALAR && strcmp(n->scalar, value) == 0) {
            return 1;
        }
    }
    return 0;
}

int words_have(const char *words, const char *word)
{
    size_t len = strlen(word);
    while (words != NULL && *words != '\0') {
        size_t n = strcspn(words, " ");
        if (n == len && memcmp(words, word, n) == 0) {
            return 1;
        }
        words += n;
        words += strspn(words, " ");
    }
    return 0;
}

const struct profile profiles[] = {
    {"PX_SK_PROFILE", "SKP-STRICT", 1,
     "SK holds 32 octets, used as TGK (AMB-24)"},
    {"PX_SK_PROFILE", "SKP-CR", 0,
     "SK holds aP as 04||X||Y, in the place of K_SESSION"},
    {"PX_SK_PROFILE", "SKP-SRTP", 0,
     "SK holds the SRTP master key and salt themselves"},
    {"PX_CS_PROFILE", "EMPTY", 1, "#CS 1, Empty map, no SP (AMB-32)"},
    {"PX_CS_PROFILE", "SRTPID", 0, "#CS 2, SRTP-ID map with SSRC, no SP"},
    {"PX_CS_PROFILE", "SRTPID+SP", 0, "SRTPID with an SP payload after IDRr"},
    {"PX_R2_MAP", "UPDATE", 1,
     "R_MESSAGE_1 in a reliable 183, I_MESSAGE_2 and R_MESSAGE_2 in UPDATE"},
    {"PX_R2_MAP", "PRACK", 0, "I_MESSAGE_2 in PRACK, R_MESSAGE_2 in its 200"},
    {"PX_R2_MAP", "REINVITE", 0,
     "R_MESSAGE_1 in the 200, second round in a re-INVITE"},
    {"PX_R2_MAP", "INFO", 0, "second round as application/mikey in INFO"},
    {"PX_R2_MAP", "MESSAGE", 0, "second round as application/mikey in MESSAGE"},
    {"PX_R2_MAP", "REDIRECT", 0, "302 to the mailbox, then a new INVITE"},
    {"PX_R2_MAP", "SECOND-INVITE", 0,
     "488 with R_MESSAGE_1, new INVITE with I_MESSAGE_2"},
    {"PX_RET_DIR", "B-OFFER", 1, "B calls the mailbox with an I_MESSAGE_1"},
    {"PX_RET_DIR", "B-OFFERLESS", 0,
     "B calls without offer, the mailbox offers"},
    {"PX_RET_DIR", "MB-PUSH", 0, "the mailbox calls B"},
    {"PX_ESK_MAP", "VERBATIM", 1,
     "the stored I_MESSAGE_2 as application/mikey in the final response"},
    {"PX_ESK_MAP", "FRESH-I2", 0, "the stored ESK in an I_MESSAGE_2 to B"},
    {"PX_ESK_MAP", "SDP-ATTR", 0, "the stored I_MESSAGE_2 in a=key-mgmt"},
    {"PX_ESK_MAP", "OOB", 0, "fetched outside SIP"},
    {"PX_ORIG_ID_MAP", "SIPFRAG", 1, "depositor in a message/sipfrag part"},
    {"PX_ORIG_ID_MAP", "NOTIFY-ONLY", 0, "depositor in the NOTIFY only"},
    {"PX_ORIG_ID_MAP", "REFERRED-BY", 0, "depositor in Referred-By"},
    {"PX_ORIG_ID_MAP", "PAI", 0, "depositor in P-Asserted-Identity"},
    {"PX_HOP_MAP", "IMS", 1, "hops are protected by the IMS transport"},
    {"PX_HOP_MAP", "TUNNEL", 0, "a tunnel keyed from the hop key"},
    {"PX_HOP_MAP", "SPLIT", 0, "encryption end to end, tag by hop"},
    {"PX_HOP_MAP", "DOUBLE", 0, "two layers of SRTP"},
    {"PX_V_COVER", "IDS", 1,
     "V covers the message and both identities (AMB-18)"},
    {"PX_V_COVER", "IDS+T", 0, "and the timestamp, as RFC 3830"},
    {"PX_V_COVER", "I2", 0, "the message and the whole I_MESSAGE_2"},
    {"PX_RAND_SRC", "SAME", 1,
     "one RAND in I_MESSAGE_1 and I_MESSAGE_2 (AMB-15)"},
    {"PX_RAND_SRC", "I1", 0, "RAND of I_MESSAGE_1 enters the PRF"},
    {"PX_RAND_SRC", "I2", 0, "RAND of I_MESSAGE_2 enters the PRF"},
    {"PX_RAND_SRC", "I1+I2", 0, "both, one after the other"},
    {"PX_K_SESSION", "UNCOMPRESSED", 1, "K_SESSION is 04||X||Y (AMB-12)"},
    {"PX_K_SESSION", "X", 0, "K_SESSION is X alone"},
    {"PX_K_SESSION", "COMPRESSED", 0, "K_SESSION is 02/03||X"},
    {"PX_CURVE", "8", 1, "P-256"},
    {"PX_CURVE", "11", 0, "P-384"},
    {"PX_CURVE", "14", 0, "P-521"},
    {"PX_PRF", "0", 1, "MIKEY-1 (SHA-1)"},
    {"PX_PRF", "1", 0, "PRF-HMAC-SHA-256"},
};
const size_t num_profiles = sizeof profiles / sizeof *profiles;

const struct exit_word exit_words[] = {
    {0, "all selected test purposes that apply gave PASS (or what the baseline "
        "expects), and at least one was verified"},
    {1, "an unexpected FAIL; known answers that do not come out; a malformed "
        "message (decode)"},
    {2, "no FAIL, but an unexpected INCONC or ERROR"},
    {3, "a stale baseline under --strict-baseline"},
    {4,
     "input that cannot be used: campaign, PICS, adapter, scenario, capture, "
     "key log, vector file"},
    {5, "nothing was verified"},
    {64, "the command line is wrong"},
    {70, "internal error of this program"},
    {130, "interrupted; a partial report is written and marked partial"},
};
const size_t num_exit_words = sizeof exit_words / sizeof *exit_words;
