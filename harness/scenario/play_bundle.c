/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* What the bundle says beside the capture: evidence log and plan. */
#include "harness/scenario/play_int.h"

#include "harness/base/mem.h"
#include "harness/base/text.h"
#include "harness/crypto/kdf.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void remove_tree(const char *path)
{
    DIR *d = opendir(path);
    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) {
            continue;
        }
        char *sub = mem_printf("%s/%s", path, e->d_name);
        struct stat st;
        if (sub != NULL && lstat(sub, &st) == 0 && S_ISDIR(st.st_mode)) {
            remove_tree(sub);
        } else if (sub != NULL) {
            unlink(sub);
        }
        mem_free(sub);
    }
    if (d != NULL) {
        closedir(d);
    }
    rmdir(path);
}

void bundle_clean(const struct play *p)
{
    static const char *const files[] = {"verdict.json", "plan.yaml",
                                        "capture.pcap"};
    char *store = mem_printf("%s/store", p->cfg->out);
    if (store != NULL) {
        remove_tree(store);
    }
    mem_free(store);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char *path = mem_printf("%s/%s", p->cfg->out, files[i]);
        if (path != NULL) {
            unlink(path);
        }
        mem_free(path);
    }
    for (unsigned n = 1; n < 1000; n++) {
        char *path = mem_printf("%s/rendered-%u.wav", p->cfg->out, n);
        int gone = path == NULL || unlink(path) != 0;
        mem_free(path);
        if (gone) {
            break;
        }
    }
}

void evidence_add(struct play *p, json_t *object)
{
    char *text = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;
    if (text != NULL && p->evidence != NULL) {
        fprintf(p->evidence, "%s\n", text);
        fflush(p->evidence);
    }
    free(text);
    json_decref(object);
}

const char *play_pixit(const struct play *p, const char *item,
                       const char *fallback)
{
    const char *v = ynode_str(p->scn->pixit, item, NULL);
    for (size_t i = 0; v == NULL && i < p->cfg->num_pixit; i++) {
        if (strcmp(p->cfg->pixit[i].item, item) == 0) {
            v = p->cfg->pixit[i].value;
        }
    }
    return v != NULL ? v : fallback;
}

/* A YAML string in double quotes (JSON strings are YAML). */
static void quote(FILE *f, const char *s)
{
    json_t *j = json_string(s != NULL ? s : "");
    char *t = j != NULL ? json_dumps(j, JSON_ENCODE_ANY) : NULL;
    fputs(t != NULL ? t : "\"\"", f);
    free(t);
    json_decref(j);
}

static void list(FILE *f, const char *key, const struct ynode *seq)
{
    fprintf(f, "%s: [", key);
    for (const struct ynode *c = seq != NULL ? seq->first : NULL; c != NULL;
         c = c->next) {
        quote(f, c->scalar);
        fputs(c->next != NULL ? ", " : "", f);
    }
    fputs("]\n", f);
}

static void parties(FILE *f, const struct play *p)
{
    fputs("parties:\n", f);
    for (size_t i = 0; i < p->num_parties; i++) {
        const struct party *u = &p->parties[i];
        fprintf(f, "  - {role: %s, address: %s, ", u->role, u->address);
        if (strcmp(u->role, "KMS") == 0) {
            fprintf(f, "kms_port: %d, ", PLAY_KMS_PORT);
        } else {
            fprintf(f, "sip_port: %d, ", PLAY_SIP_PORT);
        }
        if (u->identity[0] != '\0') {
            fputs("identity: ", f);
            quote(f, u->identity);
            fputs(", ", f);
        }
        if (strcmp(u->role, "MB") == 0) {
            fputs("account: \"sip:bob@home-b.example\", vm_uri: ", f);
            quote(f, play_pixit(p, "PX_VM_URI", "sip:vm@vm.home-b.example"));
            fputs(", ", f);
        }
        fprintf(f, "harness: %s}\n", u->is_iut ? "false" : "true");
    }
}

static void pixit(FILE *f, const struct play *p)
{
    fputs("pixit:\n", f);
    for (size_t i = 0; i < p->cfg->num_pixit; i++) {
        if (ynode_get(p->scn->pixit, p->cfg->pixit[i].item) == NULL) {
            fprintf(f, "  %s: ", p->cfg->pixit[i].item);
            quote(f, p->cfg->pixit[i].value);
            fputc('\n', f);
        }
    }
    for (const struct ynode *c = p->scn->pixit != NULL ? p->scn->pixit->first
                                                       : NULL;
         c != NULL; c = c->next) {
        fprintf(f, "  %s: ", c->key);
        quote(f, c->scalar);
        fputc('\n', f);
    }
    fprintf(f, "  PX_IBE_P_BITS: %lld\n",
            (long long)ynode_int(p->ibe, "p_bits", 0));
}

static void digest(char out[65], const char *path)
{
    uint8_t d[32];
    FILE *f = fopen(path, "rb");
    struct wr w;
    wr_init(&w);
    uint8_t buf[4096];
    for (size_t n; f != NULL && (n = fread(buf, 1, sizeof buf, f)) > 0;) {
        wr_bytes(&w, buf, n);
    }
    if (f != NULL) {
        fclose(f);
    }
    kdf_sha256(d, (struct view){w.data, w.len});
    hex_encode(out, d, sizeof d);
    wr_cleanup(&w);
}

/* The part of a path that names the scenario in any checkout. */
static const char *relative(const char *path)
{
    const char *s = strstr(path, "scenarios/");
    return s != NULL ? s : path;
}

enum status bundle_write_plan(const struct play *p, const char *started,
                              char why[512])
{
    const struct scenario *s = p->scn;
    char *path = mem_printf("%s/plan.yaml", p->cfg->out);
    FILE *f = path != NULL ? fopen(path, "w") : NULL;
    mem_free(path);
    if (f == NULL) {
        snprintf(why, 512, "cannot write plan.yaml into %s: %s", p->cfg->out,
                 strerror(errno));
        return STATUS_IO;
    }
    char sum[65];
    digest(sum, s->path);
    fprintf(f, "plan: 1\ntp: %s\ntitle: ", s->id);
    quote(f, s->title);
    fprintf(f, "\nrole: %s\ntype: %s\nlevel: %s\n", s->role, s->type, s->level);
    list(f, "clauses", s->clauses);
    list(f, "requirements", s->requirements);
    fputs("stimulus: ", f);
    quote(f, s->stimulus);
    fputs("\nduty: ", f);
    quote(f, s->duty);
    fputs("\nscenario: ", f);
    quote(f, relative(s->path));
    fprintf(f, "\nscenario_sha256: \"%s\"\ncommand: ", sum);
    quote(f, p->cfg->command);
    fprintf(f, "\nfault: ");
    quote(f, p->cfg->fault);
    fprintf(f, "\nseed: %llu\nstarted: \"%s\"\ncapture: %s\n",
            (unsigned long long)p->cfg->seed, started,
            p->taps ? "taps" : "live");
    parties(f, p);
    pixit(f, p);
    fputs("steps:\n", f);
    for (size_t i = 0; i < s->num_steps; i++) {
        fputs("  - ", f);
        quote(f, s->steps[i].text);
        fputc('\n', f);
    }
    fputs("expect:\n", f);
    for (size_t i = 0; i < s->num_expects; i++) {
        const struct scn_expect *e = &s->expects[i];
        fprintf(f, "  - {law: ");
        quote(f, e->law);
        fputs(", at: ", f);
        quote(f, e->on);
        fprintf(f, ", as: %s}\n", e->as);
    }
    if (fclose(f) != 0) {
        snprintf(why, 512, "cannot write plan.yaml: %s", strerror(errno));
        return STATUS_IO;
    }
    return STATUS_OK;
}
