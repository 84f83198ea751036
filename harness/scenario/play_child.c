/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The processes of a run: start, talk, stop. */
#define _GNU_SOURCE /* pipe2, close_range */
#include "harness/scenario/play_int.h"

#include "harness/base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int open_log(const struct play *p, const struct party *party)
{
    char *path = mem_printf("%s/%s.log", p->cfg->out, party->role);
    int fd = path != NULL ? open(path,
                                 O_WRONLY | O_CREAT | O_CLOEXEC |
                                     (party->restarted ? O_APPEND : O_TRUNC),
                                 0644)
                          : -1;
    mem_free(path);
    return fd;
}

enum status party_spawn(struct play *p, struct party *party,
                        const char *command, char why[512])
{
    int to[2];
    int from[2];
    party->command = command;
    int log = open_log(p, party);
    if (log < 0 || pipe2(to, O_CLOEXEC) != 0) {
        snprintf(why, 512, "cannot prepare the process for %s: %s", party->role,
                 strerror(errno));
        return STATUS_IO;
    }
    if (pipe2(from, O_CLOEXEC) != 0) {
        close(to[0]);
        close(to[1]);
        close(log);
        snprintf(why, 512, "cannot prepare the process for %s: %s", party->role,
                 strerror(errno));
        return STATUS_IO;
    }
    pid_t pid = fork();
    if (pid == 0) {
        dup2(to[0], 0);
        dup2(from[1], 1);
        dup2(log, 2);
        setpgid(0, 0);
        close_range(3, ~0u, 0); /* the recording is no business of theirs */
        if (command != NULL) {
            execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        } else {
            execl(p->cfg->program, "latchkey", "agent", party->role,
                  (char *)NULL);
        }
        _exit(126);
    }
    close(to[0]);
    close(from[1]);
    close(log);
    if (pid < 0) {
        close(to[1]);
        close(from[0]);
        snprintf(why, 512, "cannot start a process for %s: %s", party->role,
                 strerror(errno));
        return STATUS_IO;
    }
    fcntl(from[0], F_SETFL, O_NONBLOCK);
    party->pid = pid;
    party->in = to[1];
    party->out = from[0];
    return STATUS_OK;
}

void party_write(struct party *party, const json_t *message)
{
    char *text = json_dumps(message, JSON_COMPACT);
    if (text == NULL || party->in < 0) {
        free(text);
        return;
    }
    size_t len = strlen(text);
    text[len] = '\n';
    for (size_t done = 0; done < len + 1;) {
        ssize_t n = write(party->in, text + done, len + 1 - done);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            close(party->in);
            party->in = -1;
            break;
        }
        done += (size_t)n;
    }
    free(text);
}

/* Appends what was read to the party's line and hands on each line that ends.
 */
static void take(struct play *p, struct party *party, const char *data,
                 size_t len)
{
    while (len > 0) {
        const char *nl = memchr(data, '\n', len);
        size_t n = nl != NULL ? (size_t)(nl - data) : len;
        char *line = party->line_len + n <= PLAY_MAX_LINE
                         ? mem_resize(party->line, party->line_len + n + 1)
                         : NULL;
        if (line == NULL) {
            evidence_add(p, json_pack("{s:s s:s s:s}", "kind",
                                      "adapter-rubbish", "role", party->role,
                                      "why", "line longer than 1 MiB"));
            party->line_len = 0;
        } else {
            party->line = line;
            memcpy(line + party->line_len, data, n);
            party->line_len += n;
            line[party->line_len] = '\0';
        }
        if (nl == NULL) {
            return;
        }
        if (party->line != NULL && party->line_len > 0) {
            party->line_len = 0;
            play_on_line(p, party, party->line);
        }
        data += n + 1;
        len -= n + 1;
    }
}

void party_read(struct play *p, struct party *party)
{
    char buf[65536];
    for (;;) {
        ssize_t n = party->out < 0 ? 0 : read(party->out, buf, sizeof buf);
        if (n > 0) {
            take(p, party, buf, (size_t)n);
            continue;
        }
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n == 0 && party->out >= 0) {
            close(party->out);
            party->out = -1;
            party_reap(p, party, p->stopping);
        }
        return;
    }
}

static void note_exit(struct play *p, struct party *party, int status,
                      int expected)
{
    evidence_add(p,
                 json_pack("{s:s s:s s:i s:i s:b}", "kind", "exit", "role",
                           party->role, "status",
                           WIFEXITED(status) ? WEXITSTATUS(status) : -1,
                           "signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0,
                           "expected", expected));
    party->pid = 0;
}

/* Returns 1 when the process is gone. */
static int wait_for(struct party *party, unsigned ms, int *status)
{
    for (unsigned waited = 0;; waited += 2) {
        pid_t r = waitpid(party->pid, status, WNOHANG);
        if (r == party->pid || (r < 0 && errno != EINTR)) {
            return 1;
        }
        if (waited >= ms) {
            return 0;
        }
        poll(NULL, 0, 2);
    }
}

void party_reap(struct play *p, struct party *party, int expected)
{
    int status = 0;
    if (party->pid > 0 && wait_for(party, 2000, &status)) {
        note_exit(p, party, status, expected);
    }
}

void party_stop(struct play *p, struct party *party, unsigned grace_ms)
{
    int status = 0;
    if (party->in >= 0) {
        close(party->in);
        party->in = -1;
    }
    if (party->pid > 0) {
        if (wait_for(party, grace_ms, &status)) {
            note_exit(p, party, status, 1);
        } else {
            /* The whole group: an adapter may have started helpers. */
            kill(-party->pid, SIGTERM);
            if (!wait_for(party, 1000, &status)) {
                kill(-party->pid, SIGKILL);
                wait_for(party, 5000, &status);
            }
            note_exit(p, party, status, 0);
        }
    }
    if (party->out >= 0) {
        close(party->out);
        party->out = -1;
    }
    mem_free(party->line);
    party->line = NULL;
}

void party_restart(struct play *p, struct party *party, const char *signal_name)
{
    char why[512] = "";
    int signum = strcmp(signal_name, "TERM") == 0 ? SIGTERM : SIGKILL;
    int status = 0;
    if (party->pid <= 0) {
        snprintf(why, sizeof why, "there is no process to restart");
    } else {
        kill(-party->pid, signum);
        kill(party->pid, signum);
        if (!wait_for(party, 2000, &status)) {
            kill(-party->pid, SIGKILL);
            wait_for(party, 5000, &status);
        }
        note_exit(p, party, status, 1);
        for (int i = 0; i < 2; i++) {
            int *fd = i == 0 ? &party->in : &party->out;
            if (*fd >= 0) {
                close(*fd);
                *fd = -1;
            }
        }
        party->line_len = 0;
        party->restarted = 1;
        const char *command = party->command;
        if (party_spawn(p, party, command, why) == STATUS_OK) {
            int id = play_provision_one(p, party);
            play_wait(p, id, 0);
            const struct request *r = play_request(p, id);
            if (r == NULL || r->answer == NULL ||
                !json_is_true(json_object_get(r->answer, "ok"))) {
                snprintf(why, sizeof why, "it cannot be provisioned again");
            }
        }
    }
    evidence_add(p, why[0] == '\0'
                        ? json_pack("{s:s s:s s:s}", "kind", "restart", "role",
                                    party->role, "signal", signal_name)
                        : json_pack("{s:s s:s s:s s:s}", "kind", "step-failed",
                                    "role", party->role, "verb", "restart",
                                    "why", why));
}
