/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Words for deviations and status codes. */
#include "harness/sip/sip_int.h"

static const struct {
    const char *name;
    const char *text;
} devs[SIP_DEV_COUNT] = {
    [SIP_DEV_EMPTY] = {"empty", "no message, only line ends (RFC 3261, 7)"},
    [SIP_DEV_LEADING_BLANK] = {"leading-blank",
                               "line ends before the start line, to be "
                               "ignored (RFC 3261, 7.5)"},
    [SIP_DEV_START_LINE] = {"start-line", "neither a Request-Line nor a "
                                          "Status-Line (RFC 3261, 7.1, 7.2)"},
    [SIP_DEV_START_SPACING] = {"start-spacing",
                               "start line not divided by single spaces "
                               "(RFC 3261, 7.1, 7.2)"},
    [SIP_DEV_METHOD] = {"method", "method is no token (RFC 3261, 25.1)"},
    [SIP_DEV_VERSION] = {"version",
                         "version other than SIP/2.0 (RFC 3261, 7.1)"},
    [SIP_DEV_STATUS_CODE] = {"status-code", "status code other than three "
                                            "digits from 100 to 699 "
                                            "(RFC 3261, 7.2)"},
    [SIP_DEV_BARE_LF] = {"bare-lf", "line ends without CR (RFC 3261, 7)"},
    [SIP_DEV_BARE_CR] = {"bare-cr", "CR inside a line (RFC 3261, 7)"},
    [SIP_DEV_CONTROL] = {"control", "control octet in a line (RFC 3261, 25.1)"},
    [SIP_DEV_NO_COLON] = {"no-colon",
                          "header line without colon (RFC 3261, 7.3.1)"},
    [SIP_DEV_HEADER_NAME] = {"header-name",
                             "header name is no token (RFC 3261, 7.3.1)"},
    [SIP_DEV_FOLD_FIRST] = {"fold-first", "continuation line with no field "
                                          "before it (RFC 3261, 7.3.1)"},
    [SIP_DEV_NO_END] = {"no-end",
                        "no empty line after the header (RFC 3261, 7)"},
    [SIP_DEV_TOO_MANY_HEADERS] = {"too-many-headers",
                                  "more header lines than this reader lists"},
    [SIP_DEV_CONTENT_LENGTH] = {"content-length", "Content-Length is no number "
                                                  "(RFC 3261, 20.14)"},
    [SIP_DEV_CONTENT_LENGTHS] = {"content-lengths",
                                 "several Content-Length that differ "
                                 "(RFC 3261, 20.14)"},
    [SIP_DEV_BODY_SHORT] = {"body-short", "body shorter than Content-Length "
                                          "(RFC 3261, 18.3)"},
    [SIP_DEV_BODY_LONG] = {"body-long", "octets after the end of the body, to "
                                        "be discarded (RFC 3261, 18.3)"},
    [SIP_DEV_MISSING_HEADER] = {"missing-header",
                                "mandatory header field is absent "
                                "(RFC 3261, 8.1.1, 20)"},
    [SIP_DEV_REPEATED_HEADER] = {"repeated-header",
                                 "header field that may stand once stands "
                                 "again (RFC 3261, 7.3.1)"},
    [SIP_DEV_EMPTY_VALUE] = {"empty-value",
                             "value must not be empty (RFC 3261, 25.1)"},
    [SIP_DEV_EMPTY_ELEMENT] = {"empty-element", "empty element in a comma "
                                                "list (RFC 3261, 25.1)"},
    [SIP_DEV_UTF8] = {"utf8", "not UTF-8 (RFC 3261, 7)"},
    [SIP_DEV_QUOTE] = {"quote", "quoted string without end (RFC 3261, 25.1)"},
    [SIP_DEV_ANGLE] = {"angle", "angle brackets do not enclose the URI "
                                "(RFC 3261, 20.10, 25.1)"},
    [SIP_DEV_BARE_URI] = {"bare-uri", "URI with comma, question mark or "
                                      "semicolon not in angle brackets "
                                      "(RFC 3261, 20.10)"},
    [SIP_DEV_DISPLAY_NAME] = {"display-name",
                              "display name neither tokens nor a quoted "
                              "string (RFC 3261, 25.1)"},
    [SIP_DEV_URI] = {"uri", "not a URI by its grammar (RFC 3261, 19.1)"},
    [SIP_DEV_ESCAPE] = {"escape",
                        "% without two hex digits (RFC 3261, 19.1.2)"},
    [SIP_DEV_PARAM] = {"param", "parameter without name or with a bad value "
                                "(RFC 3261, 7.3.1)"},
    [SIP_DEV_REPEATED_PARAM] = {"repeated-param",
                                "parameter stands twice (RFC 3261, 7.3.1)"},
    [SIP_DEV_NUMBER] = {"number", "not a decimal number (RFC 3261, 25.1)"},
    [SIP_DEV_RANGE] = {"range", "number outside its range (RFC 3261, 8.1.1.5, "
                                "20.22; RFC 3262, 7.1)"},
    [SIP_DEV_TOKEN] = {"token", "not a token (RFC 3261, 25.1)"},
    [SIP_DEV_VIA] = {"via", "Via is not protocol, transport and sent-by "
                            "(RFC 3261, 20.42)"},
    [SIP_DEV_BRANCH] = {"branch", "branch absent or without the magic cookie "
                                  "z9hG4bK (RFC 3261, 8.1.1.7)"},
    [SIP_DEV_CSEQ_METHOD] = {"cseq-method",
                             "CSeq method is not the method of the request "
                             "(RFC 3261, 8.1.1.5)"},
    [SIP_DEV_TAG] = {"tag", "tag is absent (RFC 3261, 8.1.1.3, 8.2.6.2, "
                            "12.2.1.1)"},
    [SIP_DEV_DATE] = {"date", "not an RFC 1123 date (RFC 3261, 20.17)"},
    [SIP_DEV_MEDIA_TYPE] = {"media-type",
                            "not type/subtype (RFC 3261, 20.15, 25.1)"},
    [SIP_DEV_NO_CONTENT_TYPE] = {"no-content-type", "body without Content-Type "
                                                    "(RFC 3261, 20.15)"},
    [SIP_DEV_NO_LENGTH] = {"no-length", "no Content-Length on a stream "
                                        "transport (RFC 3261, 18.3, 20.14)"},
    [SIP_DEV_AUTH] = {"auth", "not a challenge or credentials by the grammar "
                              "(RFC 3261, 25.1)"},
    [SIP_DEV_HISTORY_INDEX] = {"history-index",
                               "History-Info without index, or an index that "
                               "is no dotted number (RFC 7044, 5.1)"},
    [SIP_DEV_MULTIPART] = {"multipart", "boundary absent, not found, or not "
                                        "closed (RFC 2046, 5.1.1)"},
};

const char *sip_dev_text(enum sip_dev kind)
{
    return (unsigned)kind < SIP_DEV_COUNT ? devs[kind].text : "";
}

const char *sip_dev_name(enum sip_dev kind)
{
    return (unsigned)kind < SIP_DEV_COUNT ? devs[kind].name : "";
}

/* RFC 3261, 21; RFC 3265, 3903, 4412, 6665. */
static const struct {
    int status;
    const char *reason;
} reasons[] = {
    {100, "Trying"},
    {180, "Ringing"},
    {181, "Call Is Being Forwarded"},
    {182, "Queued"},
    {183, "Session Progress"},
    {199, "Early Dialog Terminated"},
    {200, "OK"},
    {202, "Accepted"},
    {204, "No Notification"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Moved Temporarily"},
    {305, "Use Proxy"},
    {380, "Alternative Service"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {407, "Proxy Authentication Required"},
    {408, "Request Timeout"},
    {410, "Gone"},
    {412, "Conditional Request Failed"},
    {413, "Request Entity Too Large"},
    {414, "Request-URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Unsupported URI Scheme"},
    {420, "Bad Extension"},
    {421, "Extension Required"},
    {422, "Session Interval Too Small"},
    {423, "Interval Too Brief"},
    {424, "Bad Location Information"},
    {428, "Use Identity Header"},
    {429, "Provide Referrer Identity"},
    {433, "Anonymity Disallowed"},
    {436, "Bad Identity-Info"},
    {437, "Unsupported Certificate"},
    {438, "Invalid Identity Header"},
    {439, "First Hop Lacks Outbound Support"},
    {440, "Max-Breadth Exceeded"},
    {469, "Bad Info Package"},
    {480, "Temporarily Unavailable"},
    {481, "Call/Transaction Does Not Exist"},
    {482, "Loop Detected"},
    {483, "Too Many Hops"},
    {484, "Address Incomplete"},
    {485, "Ambiguous"},
    {486, "Busy Here"},
    {487, "Request Terminated"},
    {488, "Not Acceptable Here"},
    {489, "Bad Event"},
    {491, "Request Pending"},
    {493, "Undecipherable"},
    {494, "Security Agreement Required"},
    {500, "Server Internal Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Server Time-out"},
    {505, "Version Not Supported"},
    {513, "Message Too Large"},
    {580, "Precondition Failure"},
    {600, "Busy Everywhere"},
    {603, "Decline"},
    {604, "Does Not Exist Anywhere"},
    {606, "Not Acceptable"},
};

const char *sip_reason(int status)
{
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        if (reasons[i].status == status) {
            return reasons[i].reason;
        }
    }
    return "Unknown";
}
