/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Header field names: RFC 3261, 20, and the extensions that IMS uses. */
#include "harness/sip/sip_int.h"

const struct hdr_info hdr_info[SIP_HDR_COUNT] = {
    [SIP_HDR_OTHER] = {"", 0, 0, HDR_EMPTY, VALUE_TEXT},
    [SIP_HDR_ACCEPT] = {"Accept", 6, 0, HDR_LIST | HDR_EMPTY,
                        VALUE_MEDIA_RANGES},
    [SIP_HDR_ACCEPT_CONTACT] = {"Accept-Contact", 14, 'a', HDR_LIST,
                                VALUE_TOKEN_PARAMS},
    [SIP_HDR_ACCEPT_ENCODING] = {"Accept-Encoding", 15, 0, HDR_LIST | HDR_EMPTY,
                                 VALUE_TOKEN_PARAMS},
    [SIP_HDR_ACCEPT_LANGUAGE] = {"Accept-Language", 15, 0, HDR_LIST | HDR_EMPTY,
                                 VALUE_TOKEN_PARAMS},
    [SIP_HDR_ALERT_INFO] = {"Alert-Info", 10, 0, HDR_LIST, VALUE_TEXT},
    [SIP_HDR_ALLOW] = {"Allow", 5, 0, HDR_LIST | HDR_EMPTY, VALUE_TOKENS},
    [SIP_HDR_ALLOW_EVENTS] = {"Allow-Events", 12, 'u', HDR_LIST, VALUE_TOKENS},
    [SIP_HDR_AUTHENTICATION_INFO] = {"Authentication-Info", 19, 0, HDR_LIST,
                                     VALUE_TEXT},
    [SIP_HDR_AUTHORIZATION] = {"Authorization", 13, 0, 0, VALUE_AUTH},
    [SIP_HDR_CALL_ID] = {"Call-ID", 7, 'i', HDR_ONCE, VALUE_CALL_ID},
    [SIP_HDR_CALL_INFO] = {"Call-Info", 9, 0, HDR_LIST, VALUE_TEXT},
    [SIP_HDR_CONTACT] = {"Contact", 7, 'm', HDR_LIST, VALUE_CONTACT},
    [SIP_HDR_CONTENT_DISPOSITION] = {"Content-Disposition", 19, 0, HDR_ONCE,
                                     VALUE_TOKEN_PARAMS},
    [SIP_HDR_CONTENT_ENCODING] = {"Content-Encoding", 16, 'e', HDR_LIST,
                                  VALUE_TOKENS},
    [SIP_HDR_CONTENT_ID] = {"Content-ID", 10, 0, HDR_ONCE, VALUE_TEXT},
    [SIP_HDR_CONTENT_LANGUAGE] = {"Content-Language", 16, 0, HDR_LIST,
                                  VALUE_TOKENS},
    [SIP_HDR_CONTENT_LENGTH] = {"Content-Length", 14, 'l', HDR_ONCE,
                                VALUE_NUMBER},
    [SIP_HDR_CONTENT_TRANSFER_ENCODING] = {"Content-Transfer-Encoding", 25, 0,
                                           HDR_ONCE, VALUE_TOKEN_PARAMS},
    [SIP_HDR_CONTENT_TYPE] = {"Content-Type", 12, 'c', HDR_ONCE,
                              VALUE_MEDIA_TYPE},
    [SIP_HDR_CSEQ] = {"CSeq", 4, 0, HDR_ONCE, VALUE_CSEQ},
    [SIP_HDR_DATE] = {"Date", 4, 0, HDR_ONCE, VALUE_DATE},
    [SIP_HDR_DIVERSION] = {"Diversion", 9, 0, HDR_LIST, VALUE_ADDR},
    [SIP_HDR_ERROR_INFO] = {"Error-Info", 10, 0, HDR_LIST, VALUE_TEXT},
    [SIP_HDR_EVENT] = {"Event", 5, 'o', HDR_ONCE, VALUE_TOKEN_PARAMS},
    [SIP_HDR_EXPIRES] = {"Expires", 7, 0, HDR_ONCE, VALUE_SECONDS},
    [SIP_HDR_FROM] = {"From", 4, 'f', HDR_ONCE, VALUE_ADDR},
    [SIP_HDR_GEOLOCATION] = {"Geolocation", 11, 0, HDR_LIST, VALUE_TEXT},
    [SIP_HDR_HISTORY_INFO] = {"History-Info", 12, 0, HDR_LIST, VALUE_HISTORY},
    [SIP_HDR_IDENTITY] = {"Identity", 8, 'y', HDR_LIST, VALUE_TEXT},
    [SIP_HDR_IN_REPLY_TO] = {"In-Reply-To", 11, 0, HDR_LIST, VALUE_TEXT},
    [SIP_HDR_JOIN] = {"Join", 4, 0, HDR_ONCE, VALUE_TEXT},
    [SIP_HDR_MAX_FORWARDS] = {"Max-Forwards", 12, 0, HDR_ONCE, VALUE_NUMBER},
    [SIP_HDR_MESSAGE_CONTEXT] = {"Message-Context", 15, 0, HDR_ONCE,
                                 VALUE_TOKEN_PARAMS},
    [SIP_HDR_MESSAGE_ID] = {"Message-ID", 10, 0, HDR_ONCE, VALUE_TEXT},
    [SIP_HDR_MIME_VERSION] = {"MIME-Version", 12, 0, HDR_ONCE, VALUE_TEXT},
    [SIP_HDR_MIN_EXPIRES] = {"Min-Expires", 11, 0, HDR_ONCE, VALUE_SECONDS},
    [SIP_HDR_MIN_SE] = {"Min-SE", 6, 0, HDR_ONCE, VALUE_SECONDS},
    [SIP_HDR_ORGANIZATION] = {"Organization", 12, 0, HDR_ONCE | HDR_EMPTY,
                              VALUE_TEXT},
    [SIP_HDR_P_ACCESS_NETWORK_INFO] = {"P-Access-Network-Info", 21, 0, HDR_LIST,
                                       VALUE_TEXT},
    [SIP_HDR_P_ASSERTED_IDENTITY] = {"P-Asserted-Identity", 19, 0, HDR_LIST,
                                     VALUE_ADDR},
    [SIP_HDR_P_ASSERTED_SERVICE] = {"P-Asserted-Service", 18, 0, HDR_LIST,
                                    VALUE_TEXT},
    [SIP_HDR_P_ASSOCIATED_URI] = {"P-Associated-URI", 16, 0,
                                  HDR_LIST | HDR_EMPTY, VALUE_ADDR},
    [SIP_HDR_P_CALLED_PARTY_ID] = {"P-Called-Party-ID", 17, 0, HDR_ONCE,
                                   VALUE_ADDR},
    [SIP_HDR_P_CHARGING_FUNCTION_ADDRESSES] = {"P-Charging-Function-Addresses",
                                               29, 0, HDR_ONCE, VALUE_TEXT},
    [SIP_HDR_P_CHARGING_VECTOR] = {"P-Charging-Vector", 17, 0, HDR_ONCE,
                                   VALUE_TEXT},
    [SIP_HDR_P_EARLY_MEDIA] = {"P-Early-Media", 13, 0, HDR_ONCE, VALUE_TEXT},
    [SIP_HDR_P_PREFERRED_IDENTITY] = {"P-Preferred-Identity", 20, 0, HDR_LIST,
                                      VALUE_ADDR},
    [SIP_HDR_P_PREFERRED_SERVICE] = {"P-Preferred-Service", 19, 0, HDR_LIST,
                                     VALUE_TEXT},
    [SIP_HDR_P_SERVED_USER] = {"P-Served-User", 13, 0, HDR_ONCE, VALUE_ADDR},
    [SIP_HDR_P_VISITED_NETWORK_ID] = {"P-Visited-Network-ID", 20, 0, HDR_LIST,
                                      VALUE_TEXT},
    [SIP_HDR_PATH] = {"Path", 4, 0, HDR_LIST, VALUE_ROUTE},
    [SIP_HDR_PRIORITY] = {"Priority", 8, 0, HDR_ONCE, VALUE_TOKEN_PARAMS},
    [SIP_HDR_PRIVACY] = {"Privacy", 7, 0, HDR_ONCE, VALUE_TEXT},
    [SIP_HDR_PROXY_AUTHENTICATE] = {"Proxy-Authenticate", 18, 0, 0, VALUE_AUTH},
    [SIP_HDR_PROXY_AUTHORIZATION] = {"Proxy-Authorization", 19, 0, 0,
                                     VALUE_AUTH},
    [SIP_HDR_PROXY_REQUIRE] = {"Proxy-Require", 13, 0, HDR_LIST, VALUE_TOKENS},
    [SIP_HDR_RACK] = {"RAck", 4, 0, HDR_ONCE, VALUE_RACK},
    [SIP_HDR_REASON] = {"Reason", 6, 0, HDR_LIST, VALUE_TOKEN_PARAMS},
    [SIP_HDR_RECORD_ROUTE] = {"Record-Route", 12, 0, HDR_LIST, VALUE_ROUTE},
    [SIP_HDR_REFER_SUB] = {"Refer-Sub", 9, 0, HDR_ONCE, VALUE_TOKEN_PARAMS},
    [SIP_HDR_REFER_TO] = {"Refer-To", 8, 'r', HDR_ONCE, VALUE_ADDR},
    [SIP_HDR_REFERRED_BY] = {"Referred-By", 11, 'b', HDR_ONCE, VALUE_ADDR},
    [SIP_HDR_REJECT_CONTACT] = {"Reject-Contact", 14, 'j', HDR_LIST,
                                VALUE_TOKEN_PARAMS},
    [SIP_HDR_REPLACES] = {"Replaces", 8, 0, HDR_ONCE, VALUE_TEXT},
    [SIP_HDR_REPLY_TO] = {"Reply-To", 8, 0, HDR_ONCE, VALUE_ADDR},
    [SIP_HDR_REQUEST_DISPOSITION] = {"Request-Disposition", 19, 'd', HDR_LIST,
                                     VALUE_TOKENS},
    [SIP_HDR_REQUIRE] = {"Require", 7, 0, HDR_LIST, VALUE_TOKENS},
    [SIP_HDR_RETRY_AFTER] = {"Retry-After", 11, 0, HDR_ONCE, VALUE_SECONDS},
    [SIP_HDR_ROUTE] = {"Route", 5, 0, HDR_LIST, VALUE_ROUTE},
    [SIP_HDR_RSEQ] = {"RSeq", 4, 0, HDR_ONCE, VALUE_NUMBER},
    [SIP_HDR_SECURITY_CLIENT] = {"Security-Client", 15, 0, HDR_LIST,
                                 VALUE_TOKEN_PARAMS},
    [SIP_HDR_SECURITY_SERVER] = {"Security-Server", 15, 0, HDR_LIST,
                                 VALUE_TOKEN_PARAMS},
    [SIP_HDR_SECURITY_VERIFY] = {"Security-Verify", 15, 0, HDR_LIST,
                                 VALUE_TOKEN_PARAMS},
    [SIP_HDR_SERVER] = {"Server", 6, 0, HDR_ONCE, VALUE_TEXT},
    [SIP_HDR_SERVICE_ROUTE] = {"Service-Route", 13, 0, HDR_LIST, VALUE_ROUTE},
    [SIP_HDR_SESSION_EXPIRES] = {"Session-Expires", 15, 'x', HDR_ONCE,
                                 VALUE_SECONDS},
    [SIP_HDR_SIP_ETAG] = {"SIP-ETag", 8, 0, HDR_ONCE, VALUE_TOKEN_PARAMS},
    [SIP_HDR_SIP_IF_MATCH] = {"SIP-If-Match", 12, 0, HDR_ONCE,
                              VALUE_TOKEN_PARAMS},
    [SIP_HDR_SUBJECT] = {"Subject", 7, 's', HDR_ONCE | HDR_EMPTY, VALUE_TEXT},
    [SIP_HDR_SUBSCRIPTION_STATE] = {"Subscription-State", 18, 0, HDR_ONCE,
                                    VALUE_TOKEN_PARAMS},
    [SIP_HDR_SUPPORTED] = {"Supported", 9, 'k', HDR_LIST | HDR_EMPTY,
                           VALUE_TOKENS},
    [SIP_HDR_TIMESTAMP] = {"Timestamp", 9, 0, HDR_ONCE, VALUE_TEXT},
    [SIP_HDR_TO] = {"To", 2, 't', HDR_ONCE, VALUE_ADDR},
    [SIP_HDR_UNSUPPORTED] = {"Unsupported", 11, 0, HDR_LIST, VALUE_TOKENS},
    [SIP_HDR_USER_AGENT] = {"User-Agent", 10, 0, HDR_ONCE, VALUE_TEXT},
    [SIP_HDR_VIA] = {"Via", 3, 'v', HDR_LIST, VALUE_VIA},
    [SIP_HDR_WARNING] = {"Warning", 7, 0, HDR_LIST, VALUE_WARNING},
    [SIP_HDR_WWW_AUTHENTICATE] = {"WWW-Authenticate", 16, 0, 0, VALUE_AUTH},
};

/* A perfect hash of the long names (found by trial): no two share a slot. The
 * unit tests look every name up. */
#define NAME_SLOTS 512
static const uint8_t name_slots[NAME_SLOTS] = {
    [8] = SIP_HDR_P_ASSERTED_SERVICE,
    [11] = SIP_HDR_DIVERSION,
    [15] = SIP_HDR_TO,
    [17] = SIP_HDR_RACK,
    [25] = SIP_HDR_ERROR_INFO,
    [27] = SIP_HDR_CONTENT_TRANSFER_ENCODING,
    [35] = SIP_HDR_P_ACCESS_NETWORK_INFO,
    [44] = SIP_HDR_SUBJECT,
    [45] = SIP_HDR_UNSUPPORTED,
    [48] = SIP_HDR_REPLY_TO,
    [49] = SIP_HDR_P_ASSOCIATED_URI,
    [52] = SIP_HDR_CONTACT,
    [59] = SIP_HDR_WARNING,
    [60] = SIP_HDR_CONTENT_TYPE,
    [70] = SIP_HDR_SERVICE_ROUTE,
    [79] = SIP_HDR_PROXY_AUTHORIZATION,
    [87] = SIP_HDR_P_SERVED_USER,
    [90] = SIP_HDR_RETRY_AFTER,
    [92] = SIP_HDR_HISTORY_INFO,
    [101] = SIP_HDR_SECURITY_SERVER,
    [102] = SIP_HDR_EXPIRES,
    [113] = SIP_HDR_PROXY_REQUIRE,
    [115] = SIP_HDR_TIMESTAMP,
    [119] = SIP_HDR_FROM,
    [121] = SIP_HDR_MAX_FORWARDS,
    [125] = SIP_HDR_MIN_EXPIRES,
    [129] = SIP_HDR_MESSAGE_CONTEXT,
    [134] = SIP_HDR_SUBSCRIPTION_STATE,
    [136] = SIP_HDR_P_PREFERRED_SERVICE,
    [143] = SIP_HDR_REPLACES,
    [149] = SIP_HDR_ACCEPT,
    [152] = SIP_HDR_PATH,
    [190] = SIP_HDR_PRIORITY,
    [201] = SIP_HDR_DATE,
    [208] = SIP_HDR_ROUTE,
    [218] = SIP_HDR_SECURITY_CLIENT,
    [219] = SIP_HDR_SECURITY_VERIFY,
    [226] = SIP_HDR_REJECT_CONTACT,
    [243] = SIP_HDR_ACCEPT_ENCODING,
    [257] = SIP_HDR_AUTHORIZATION,
    [261] = SIP_HDR_ALLOW_EVENTS,
    [266] = SIP_HDR_REQUIRE,
    [271] = SIP_HDR_RSEQ,
    [276] = SIP_HDR_MESSAGE_ID,
    [279] = SIP_HDR_SUPPORTED,
    [280] = SIP_HDR_P_ASSERTED_IDENTITY,
    [281] = SIP_HDR_ACCEPT_CONTACT,
    [285] = SIP_HDR_P_EARLY_MEDIA,
    [303] = SIP_HDR_VIA,
    [304] = SIP_HDR_SESSION_EXPIRES,
    [307] = SIP_HDR_SIP_IF_MATCH,
    [309] = SIP_HDR_ALERT_INFO,
    [311] = SIP_HDR_REFER_SUB,
    [313] = SIP_HDR_PROXY_AUTHENTICATE,
    [314] = SIP_HDR_ACCEPT_LANGUAGE,
    [316] = SIP_HDR_P_PREFERRED_IDENTITY,
    [322] = SIP_HDR_WWW_AUTHENTICATE,
    [323] = SIP_HDR_REASON,
    [327] = SIP_HDR_EVENT,
    [341] = SIP_HDR_REQUEST_DISPOSITION,
    [350] = SIP_HDR_CONTENT_ID,
    [354] = SIP_HDR_AUTHENTICATION_INFO,
    [366] = SIP_HDR_IN_REPLY_TO,
    [387] = SIP_HDR_CALL_INFO,
    [393] = SIP_HDR_CONTENT_ENCODING,
    [398] = SIP_HDR_P_VISITED_NETWORK_ID,
    [403] = SIP_HDR_PRIVACY,
    [404] = SIP_HDR_JOIN,
    [410] = SIP_HDR_GEOLOCATION,
    [427] = SIP_HDR_REFERRED_BY,
    [428] = SIP_HDR_REFER_TO,
    [434] = SIP_HDR_SERVER,
    [435] = SIP_HDR_P_CHARGING_VECTOR,
    [440] = SIP_HDR_CSEQ,
    [449] = SIP_HDR_CONTENT_LENGTH,
    [450] = SIP_HDR_P_CHARGING_FUNCTION_ADDRESSES,
    [458] = SIP_HDR_ORGANIZATION,
    [460] = SIP_HDR_MIME_VERSION,
    [464] = SIP_HDR_CONTENT_LANGUAGE,
    [468] = SIP_HDR_P_CALLED_PARTY_ID,
    [476] = SIP_HDR_USER_AGENT,
    [478] = SIP_HDR_CALL_ID,
    [484] = SIP_HDR_SIP_ETAG,
    [487] = SIP_HDR_IDENTITY,
    [496] = SIP_HDR_MIN_SE,
    [499] = SIP_HDR_RECORD_ROUTE,
    [508] = SIP_HDR_ALLOW,
    [510] = SIP_HDR_CONTENT_DISPOSITION,
};

static size_t name_hash(struct view n)
{
    return (n.len * 36 + (n.data[0] | 0x20u) * 57u +
            (n.data[n.len / 2] | 0x20u) * 92u +
            (n.data[n.len - 1] | 0x20u) * 90u +
            (n.data[n.len * 3 / 4] | 0x20u) * 7u) %
           NAME_SLOTS;
}

static enum sip_hdr compact_of(uint8_t c)
{
    switch (lower(c)) {
    case 'a':
        return SIP_HDR_ACCEPT_CONTACT;
    case 'b':
        return SIP_HDR_REFERRED_BY;
    case 'c':
        return SIP_HDR_CONTENT_TYPE;
    case 'd':
        return SIP_HDR_REQUEST_DISPOSITION;
    case 'e':
        return SIP_HDR_CONTENT_ENCODING;
    case 'f':
        return SIP_HDR_FROM;
    case 'i':
        return SIP_HDR_CALL_ID;
    case 'j':
        return SIP_HDR_REJECT_CONTACT;
    case 'k':
        return SIP_HDR_SUPPORTED;
    case 'l':
        return SIP_HDR_CONTENT_LENGTH;
    case 'm':
        return SIP_HDR_CONTACT;
    case 'o':
        return SIP_HDR_EVENT;
    case 'r':
        return SIP_HDR_REFER_TO;
    case 's':
        return SIP_HDR_SUBJECT;
    case 't':
        return SIP_HDR_TO;
    case 'u':
        return SIP_HDR_ALLOW_EVENTS;
    case 'v':
        return SIP_HDR_VIA;
    case 'x':
        return SIP_HDR_SESSION_EXPIRES;
    case 'y':
        return SIP_HDR_IDENTITY;
    }
    return SIP_HDR_OTHER;
}

enum sip_hdr sip_hdr_of(struct view name)
{
    if (name.len < 2) {
        return name.len == 1 ? compact_of(name.data[0]) : SIP_HDR_OTHER;
    }
    enum sip_hdr id = (enum sip_hdr)name_slots[name_hash(name)];
    const struct hdr_info *info = &hdr_info[id];
    if (name.len != info->len) {
        return SIP_HDR_OTHER;
    }
    if (memcmp(name.data, info->name, name.len) == 0) {
        return id;
    }
    return sip_is_nocase(name, info->name) ? id : SIP_HDR_OTHER;
}

const char *sip_hdr_name(enum sip_hdr id)
{
    return (unsigned)id < SIP_HDR_COUNT ? hdr_info[id].name : "";
}

int sip_hdr_is_list(enum sip_hdr id)
{
    return (unsigned)id < SIP_HDR_COUNT && (hdr_info[id].flags & HDR_LIST) != 0;
}
