/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* latchkey play: acts and records one scenario, writes the bundle. */
#include "harness/cli/cli.h"

#include "harness/cli/home.h"
#include "harness/scenario/play.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_IUTS 8
#define MAX_PIXIT 64

struct options {
    struct play_config cfg;
    struct play_iut iuts[MAX_IUTS];
    struct play_pixit pixit[MAX_PIXIT];
    const char *scenario;
    int quiet;
};

static void on_log(void *ctx, enum log_level level, const char *text)
{
    const int *quiet = ctx;
    if (!*quiet || level <= LOG_WARN) {
        fprintf(stderr, "%s%s\n", level <= LOG_WARN ? "warning: " : "  ", text);
    }
}

/* Splits "LEFT=RIGHT" in place. */
static int split(char *text, const char **left, const char **right)
{
    char *eq = strchr(text, '=');
    if (eq == NULL) {
        return 0;
    }
    *eq = '\0';
    *left = text;
    *right = eq + 1;
    return 1;
}

static int take_value(struct options *o, const char *name, char *value)
{
    struct play_config *c = &o->cfg;
    if (strcmp(name, "--out") == 0) {
        c->out = value;
    } else if (strcmp(name, "--net") == 0) {
        c->net = value;
    } else if (strcmp(name, "--ibe") == 0) {
        c->ibe = value;
    } else if (strcmp(name, "--media") == 0) {
        c->media = value;
    } else if (strcmp(name, "--fault") == 0) {
        c->fault = value;
    } else if (strcmp(name, "--command") == 0) {
        c->command = value;
    } else if (strcmp(name, "--seed") == 0) {
        c->seed = strtoull(value, NULL, 0);
    } else if (strcmp(name, "--step-timeout") == 0) {
        c->step_timeout_ms = (unsigned)strtoul(value, NULL, 0);
    } else if (strcmp(name, "--iut") == 0 && c->num_iuts < MAX_IUTS) {
        struct play_iut *i = &o->iuts[c->num_iuts++];
        return split(value, &i->role, &i->adapter);
    } else if (strcmp(name, "--px") == 0 && c->num_pixit < MAX_PIXIT) {
        struct play_pixit *p = &o->pixit[c->num_pixit++];
        return split(value, &p->item, &p->value);
    } else {
        return 0;
    }
    return 1;
}

static int parse(struct options *o, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--taps") == 0) {
            o->cfg.force_taps = 1;
        } else if (strcmp(argv[i], "--quiet") == 0) {
            o->quiet = 1;
        } else if (argv[i][0] != '-' && o->scenario == NULL) {
            o->scenario = argv[i];
        } else if (i + 1 < argc && take_value(o, argv[i], argv[i + 1])) {
            i++;
        } else {
            return 0;
        }
    }
    return o->scenario != NULL;
}

static int cmd_play_run(int argc, char **argv)
{
    static char program[PATH_MAX];
    static char ibe[PATH_MAX];
    static char media[PATH_MAX];
    static struct options o;
    struct log log = {.line = on_log, .ctx = &o.quiet, .level = LOG_NOTE};
    o.cfg = (struct play_config){.program = program,
                                 .out = "bundle",
                                 .net = "127.77.1.0",
                                 .ibe = ibe,
                                 .media = media,
                                 .seed = 1,
                                 .log = &log,
                                 .iuts = o.iuts,
                                 .pixit = o.pixit};
    home_program(program, sizeof program);
    home_path(ibe, sizeof ibe, "scenarios/ibe/p1536.yaml");
    home_path(media, sizeof media, "scenarios/media");
    if (!parse(&o, argc, argv)) {
        return cli_usage(&cmd_play);
    }
    if (o.cfg.fault != NULL && strcmp(o.cfg.fault, "none") == 0) {
        o.cfg.fault = NULL;
    }
    struct scenario *s = NULL;
    struct scn_error err;
    if (scenario_load(&s, o.scenario, &err) != STATUS_OK) {
        fprintf(stderr, "latchkey play: %s:%u: %s\n", o.scenario, err.line,
                err.text);
        return 4;
    }
    char why[512] = "";
    char command[512];
    if (o.cfg.command == NULL) {
        snprintf(command, sizeof command,
                 "latchkey run --select %s --seed %llu", s->id,
                 (unsigned long long)o.cfg.seed);
        o.cfg.command = command;
    }
    int rc = 0;
    if (s->not_run != NULL) {
        fprintf(stderr, "%s is not run: %s\n", s->id, s->not_run);
        rc = 5;
    } else if (play_scenario(s, &o.cfg, why) != STATUS_OK) {
        fprintf(stderr, "latchkey play: %s: %s\n", s->id, why);
        rc = 70;
    }
    scenario_free(s);
    return rc;
}

const struct cmd cmd_play = {
    .name = "play",
    .args = "SCENARIO [--out DIR] [--net 127.x.y.0] [--seed N] [--fault NAME] "
            "[--iut ROLE=exec:CMD] [--px ITEM=VALUE] [--ibe FILE] [--taps] "
            "[--quiet]",
    .summary = "act and record one scenario, write the bundle",
    .help =
        "The roles that SCENARIO names are played by reference agents in "
        "processes of their own.\nThe bundle is then for 'latchkey judge'; "
        "'latchkey "
        "run' does both for whole campaigns.\n\n"
        "  --out DIR            the bundle (default: bundle)\n"
        "  --net 127.x.y.0      loopback addresses of the parties "
        "(127.77.1.0)\n"
        "  --seed N             same seed, same octets (1)\n"
        "  --fault NAME         the party under test misbehaves; none = no "
        "fault\n"
        "  --iut ROLE=exec:CMD  CMD plays ROLE, driven as in docs/ADAPTER.md\n"
        "  --px ITEM=VALUE      a PIXIT value ('latchkey list pixit')\n"
        "  --ibe FILE           IBE parameters (scenarios/ibe/p1536.yaml)\n"
        "  --taps               record the agents' own octets, no live "
        "capture\n"
        "  --quiet              warnings only\n\n"
        "Exit code: 0 played, 4 invalid scenario, 5 the scenario cannot be "
        "run, "
        "64 usage, 70\nthe harness failed.",
    .run = cmd_play_run,
};
