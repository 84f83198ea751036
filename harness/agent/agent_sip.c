/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The SIP endpoint of an agent, and small things that all of them ask of SIP.
 */
#include "harness/agent/agent_int.h"
#include "harness/agent/agent_sdp.h"

#include "harness/base/mem.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define LOOPBACK_MTU 65535

enum status agent_sip_start(struct agent *a, const struct siptx_handlers *on,
                            int is_proxy, const char *user,
                            const char *contact_params, char why[256])
{
    struct siptx_config c = {
        .loop = a->loop,
        .env = &a->env,
        .log = &a->log,
        .addr = a->addr,
        .transport = a->transport,
        .mtu = net_addr_is_loopback(&a->addr) ? LOOPBACK_MTU : 0,
        .is_proxy = is_proxy,
        .user = user,
        .contact_params = contact_params,
        .product = "latchkey-reference/0.1.0",
        .outbound = {.addr = a->outbound},
        .edits = &a->edits,
        .on = *on,
        .ctx = a};
    enum status st = siptx_new(&a->ep, &c);
    if (st != STATUS_OK) {
        char text[NET_ADDR_TEXT];
        snprintf(why, 256, "cannot listen at %s: %s%s",
                 net_addr_text(text, &a->addr), status_name(st),
                 st == STATUS_DUPLICATE ? " (the port is in use)" : "");
    }
    return st;
}

int agent_method_is(const struct sip_msg *msg, const char *name)
{
    return sip_is(msg->method, name);
}

char *agent_header(const struct sip_msg *msg, enum sip_hdr id, size_t nth)
{
    struct view v = sip_value(msg, id, nth);
    return v.data != NULL ? sip_dup(v) : NULL;
}

char *agent_identity(const char *name_addr)
{
    return sip_identity_new(sip_text(name_addr));
}

char *agent_uri_param(const char *uri, const char *name)
{
    struct sip_addr a;
    struct sip_uri u;
    struct view v;
    struct view text = sip_text(uri);
    /* A bare Request-URI keeps its parameters to itself, a name-addr has them
     * inside its angle brackets. */
    if (strchr(uri, '<') != NULL) {
        if (sip_addr(text, &a) != STATUS_OK) {
            return NULL;
        }
        text = a.uri;
    }
    if (sip_uri(text, &u) != STATUS_OK || !sip_param(u.params, name, &v)) {
        return NULL;
    }
    return sip_unescape(v);
}

void agent_add_lines(struct sip_out *out, const char *lines)
{
    while (lines != NULL && *lines != '\0') {
        size_t n = strcspn(lines, "\n");
        char *line = mem_strndup(lines, n);
        if (line != NULL && n > 0) {
            sip_out_add_line(out, line);
        }
        mem_free(line);
        lines += n + (lines[n] == '\n');
    }
}

void agent_answer_options(struct agent *a, struct siptx_server *tx)
{
    struct sip_out out;
    if (siptx_response(tx, &out, 200, NULL) == STATUS_OK) {
        sip_out_set(&out, "Contact", "%s", siptx_contact(a->ep));
        sip_out_set(&out, "Allow", AGENT_ALLOW);
        sip_out_set(&out, "Accept", "application/sdp");
        siptx_reply(tx, &out);
        sip_out_free(&out);
    }
}

void agent_http_date(char out[40], uint64_t time_us)
{
    time_t t = (time_t)(time_us / 1000000u);
    struct tm tm;
    gmtime_r(&t, &tm);
    strftime(out, 40, "%a, %d %b %Y %H:%M:%S GMT", &tm);
}
