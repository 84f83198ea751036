/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The tokenizer: start line, header lines, body, in one pass over the head. */
#include "harness/sip/sip_int.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

void add_dev(struct sip_msg *msg, enum sip_dev kind, enum sip_hdr hdr,
             size_t off, size_t len)
{
    if (msg->num_devs == SIP_MAX_DEVS) {
        msg->lost_devs++;
        return;
    }
    msg->devs[msg->num_devs++] = (struct sip_deviation){
        .off = (uint32_t)off, .len = (uint32_t)len, .kind = kind, .hdr = hdr};
}

#if defined(__SSE2__)
/* Which of 16 octets are controls, one bit each. */
static inline unsigned controls16(const uint8_t *p)
{
    __m128i x = _mm_loadu_si128((const __m128i *)(const void *)p);
    __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(x, _mm_set1_epi8(0x1f)), x);
    __m128i del = _mm_cmpeq_epi8(x, _mm_set1_epi8(0x7f));
    return (unsigned)_mm_movemask_epi8(_mm_or_si128(low, del));
}
#else
static inline unsigned controls16(const uint8_t *p)
{
    unsigned bits = 0;
    for (unsigned i = 0; i < 16; i++) {
        bits |= (unsigned)(p[i] < 0x20 || p[i] == 0x7f) << i;
    }
    return bits;
}
#endif

void scan_load(struct scan *s, size_t base)
{
    const uint8_t *p = s->octets.data + base;
    uint8_t tail[64];
    if (s->octets.len - base < sizeof tail) {
        memset(tail, ' ', sizeof tail);
        memcpy(tail, p, s->octets.len - base);
        p = tail;
    }
    s->base = base;
    s->bits = (uint64_t)controls16(p) | (uint64_t)controls16(p + 16) << 16 |
              (uint64_t)controls16(p + 32) << 32 |
              (uint64_t)controls16(p + 48) << 48;
}

struct line {
    size_t begin;
    size_t end;  /* without the line end */
    size_t next; /* after it */
};

/* A line with an octet in it, or at its end, that does not belong there; i is
 * the place of the first control. */
static int find_odd_line(struct sip_msg *m, struct scan *scan, size_t i,
                         struct line *out)
{
    const uint8_t *d = m->raw.data;
    size_t len = m->raw.len;
    for (;;) {
        if (i == len) {
            out->end = len;
            out->next = len;
            return 0;
        }
        if (d[i] == '\r' && i + 1 < len && d[i + 1] == '\n') {
            out->end = i;
            out->next = i + 2;
            return 1;
        }
        if (d[i] == '\n') {
            add_dev(m, SIP_DEV_BARE_LF, SIP_HDR_OTHER, i, 1);
            out->end = i;
            out->next = i + 1;
            return 1;
        }
        if (d[i] == '\r' && i + 1 == len) {
            out->end = i;
            out->next = len;
            return 0;
        }
        if (d[i] != '\t') {
            add_dev(m, d[i] == '\r' ? SIP_DEV_BARE_CR : SIP_DEV_CONTROL,
                    SIP_HDR_OTHER, i, 1);
        }
        i = scan_next(scan, i + 1);
    }
}

/* find_line finds the end of the line that begins at pos. 0 if the octets end
 * first; the line is then what there is. */
static inline int find_line(struct sip_msg *m, struct scan *scan, size_t pos,
                            struct line *out)
{
    const uint8_t *d = m->raw.data;
    size_t i = scan_next(scan, pos);
    out->begin = pos;
    if (i + 1 < m->raw.len && d[i] == '\r' && d[i + 1] == '\n') {
        out->end = i;
        out->next = i + 2;
        return 1;
    }
    return find_odd_line(m, scan, i, out);
}

static int begins_sip(struct view v)
{
    return v.len >= 4 && sip_is_nocase(view_sub(v, 0, 4), "SIP/");
}

/* take_word cuts the next word off rest, up to a space. The single space after
 * it is taken too; more of them, or tabs, are noted. */
static struct view take_word(struct sip_msg *m, struct view *rest)
{
    size_t n = 0;
    while (n < rest->len && !is_blank(rest->data[n])) {
        n++;
    }
    struct view word = view_sub(*rest, 0, n);
    size_t i = n;
    while (i < rest->len && is_blank(rest->data[i])) {
        i++;
    }
    if (i > n && (i != n + 1 || rest->data[n] != ' ')) {
        add_dev_view(m, SIP_DEV_START_SPACING, SIP_HDR_OTHER,
                     view_sub(*rest, n, i));
    }
    *rest = view_tail(*rest, i);
    return word;
}

static void check_version(struct sip_msg *m)
{
    if (!sip_is(m->version, "SIP/2.0")) {
        add_dev_view(m, SIP_DEV_VERSION, SIP_HDR_OTHER, m->version);
    }
}

static void parse_status_line(struct sip_msg *m)
{
    struct view rest = m->start_line;
    m->is_response = 1;
    m->version = take_word(m, &rest);
    check_version(m);
    size_t n = 0;
    while (n < rest.len && !is_blank(rest.data[n])) {
        n++;
    }
    struct view code = view_sub(rest, 0, n);
    if (n == 3 && view_all(code, CC_DIGIT)) {
        m->status = (code.data[0] - '0') * 100 + (code.data[1] - '0') * 10 +
                    (code.data[2] - '0');
    }
    if (m->status < 100 || m->status > 699) {
        add_dev_view(m, SIP_DEV_STATUS_CODE, SIP_HDR_OTHER, code);
    }
    if (n == rest.len) { /* SP after the code is mandatory */
        add_dev_view(m, SIP_DEV_START_SPACING, SIP_HDR_OTHER,
                     view_tail(rest, n));
        m->reason = view_tail(rest, n);
    } else {
        m->reason = view_tail(rest, n + 1);
    }
}

/* Method SP Request-URI SP SIP-Version. A Request-URI with spaces in it is
 * taken whole, as the words between the first and the last. */
static void parse_request_line(struct sip_msg *m)
{
    struct view rest = m->start_line;
    m->method = take_word(m, &rest);
    if (!view_all(m->method, CC_TOKEN)) {
        add_dev_view(m, SIP_DEV_METHOD, SIP_HDR_OTHER, m->method);
    }
    size_t end = rest.len;
    while (end > 0 && is_blank(rest.data[end - 1])) {
        end--;
    }
    size_t last = end;
    while (last > 0 && !is_blank(rest.data[last - 1])) {
        last--;
    }
    struct view word = view_sub(rest, last, end);
    size_t uri_end = last;
    if (!begins_sip(word)) { /* no version */
        uri_end = end;
        word = view_sub(rest, end, end);
        add_dev_view(m, SIP_DEV_START_LINE, SIP_HDR_OTHER, m->start_line);
    } else {
        m->version = word;
        check_version(m);
        while (uri_end > 0 && is_blank(rest.data[uri_end - 1])) {
            uri_end--;
        }
        if (uri_end == 0) {
            add_dev_view(m, SIP_DEV_START_LINE, SIP_HDR_OTHER, m->start_line);
        } else if (last - uri_end != 1 || rest.data[uri_end] != ' ') {
            add_dev_view(m, SIP_DEV_START_SPACING, SIP_HDR_OTHER,
                         view_sub(rest, uri_end, last));
        }
    }
    m->version = word;
    m->uri = view_sub(rest, 0, uri_end);
    for (size_t i = 0; i < m->uri.len; i++) {
        if (is_blank(m->uri.data[i])) {
            add_dev_view(m, SIP_DEV_START_SPACING, SIP_HDR_OTHER,
                         view_sub(m->uri, i, i + 1));
            break;
        }
    }
    if (end != rest.len) {
        add_dev_view(m, SIP_DEV_START_SPACING, SIP_HDR_OTHER,
                     view_tail(rest, end));
    }
}

/* name_is_sound: a known name is a token anyway. */
static int name_is_sound(const struct sip_header *h)
{
    return h->id != SIP_HDR_OTHER || view_all(h->name, CC_TOKEN);
}

/* read_field splits a header line into name and value. */
static void read_field(struct sip_msg *m, struct sip_header *h,
                       const struct line *l)
{
    const uint8_t *d = m->raw.data + l->begin;
    const struct view line = {d, l->end - l->begin};
    const uint8_t *at = memchr(d, ':', line.len);
    if (at == NULL) {
        add_dev(m, SIP_DEV_NO_COLON, SIP_HDR_OTHER, l->begin, line.len);
        h->name = view_sub(line, 0, 0);
        h->value = sip_trim(line);
        h->id = SIP_HDR_OTHER;
        return;
    }
    size_t colon = (size_t)(at - d);
    size_t end = colon;
    while (end > 0 && is_blank(d[end - 1])) {
        end--;
    }
    h->name = (struct view){d, end};
    h->id = sip_hdr_of(h->name);
    if (!name_is_sound(h)) {
        add_dev(m, SIP_DEV_HEADER_NAME, SIP_HDR_OTHER, l->begin, colon);
    }
    size_t from = colon + 1;
    while (from < line.len && is_blank(d[from])) {
        from++;
    }
    end = line.len;
    while (end > from && is_blank(d[end - 1])) {
        end--;
    }
    h->value = (struct view){d + from, end - from};
}

/* extend_field adds a continuation line to the field before it. */
static void extend_field(struct sip_msg *m, struct sip_header *h,
                         const struct line *l)
{
    size_t begin = (size_t)(h->value.data - m->raw.data);
    h->value = sip_trim(view_sub(m->raw, begin, l->end));
    h->len = (uint32_t)(l->next - h->off);
}

/* parse_fields reads header lines up to the empty line; 1 if that came. */
static int parse_fields(struct sip_msg *m, struct scan *scan, size_t pos)
{
    struct sip_header spare; /* of lines beyond the table */
    struct sip_header *h = NULL;
    int full = 0;
    while (pos < m->raw.len) {
        struct line l;
        int ended = find_line(m, scan, pos, &l);
        if (ended && l.end == l.begin) {
            m->body_off = (uint32_t)l.next;
            return 1;
        }
        pos = l.next;
        if (l.end == l.begin) {
            break; /* a last CR */
        }
        if (is_blank(m->raw.data[l.begin])) {
            if (h != NULL) {
                extend_field(m, h, &l);
                continue;
            }
            add_dev(m, SIP_DEV_FOLD_FIRST, SIP_HDR_OTHER, l.begin,
                    l.end - l.begin);
        }
        h = &spare;
        if (m->num_headers < SIP_MAX_HEADERS) {
            h = &m->headers[m->num_headers++];
        } else if (!full) {
            full = 1;
            add_dev(m, SIP_DEV_TOO_MANY_HEADERS, SIP_HDR_OTHER, l.begin,
                    l.end - l.begin);
        }
        h->off = (uint32_t)l.begin;
        h->len = (uint32_t)(l.next - l.begin);
        read_field(m, h, &l);
    }
    m->body_off = (uint32_t)m->raw.len;
    return 0;
}

static long read_length(struct sip_msg *m, const struct sip_header *h)
{
    uint32_t n = 0;
    if (sip_u32(h->value, &n) != STATUS_OK || n > 0x7fffffff) {
        add_dev_view(m, SIP_DEV_CONTENT_LENGTH, SIP_HDR_CONTENT_LENGTH,
                     h->value);
        return -1;
    }
    return (long)n;
}

/* The fields that the message itself depends on. */
static void read_framing_fields(struct sip_msg *m)
{
    int seen = 0;
    for (size_t i = 0; i < m->num_headers; i++) {
        const struct sip_header *h = &m->headers[i];
        if (h->id == SIP_HDR_CONTENT_LENGTH) {
            long n = read_length(m, h);
            if (seen && n != m->content_length) {
                add_dev_view(m, SIP_DEV_CONTENT_LENGTHS, h->id, h->value);
            } else {
                m->content_length = n;
            }
            seen = 1;
        } else if (h->id == SIP_HDR_CSEQ && m->is_response &&
                   m->method.len == 0) {
            struct sip_cseq c;
            sip_cseq(h->value, &c);
            m->method = c.method;
        }
    }
}

static void find_body(struct sip_msg *m)
{
    m->body = view_tail(m->raw, m->body_off);
    if (m->content_length < 0) {
        return;
    }
    size_t want = (size_t)m->content_length;
    if (m->body.len < want) {
        add_dev(m, SIP_DEV_BODY_SHORT, SIP_HDR_CONTENT_LENGTH, m->raw.len, 0);
    } else if (m->body.len > want) {
        add_dev_view(m, SIP_DEV_BODY_LONG, SIP_HDR_CONTENT_LENGTH,
                     view_tail(m->body, want));
        m->body = view_sub(m->body, 0, want);
    }
}

static void clear(struct sip_msg *m, const uint8_t *data, size_t len)
{
    static const uint8_t nothing[1];
    if (len > UINT32_MAX) {
        len = UINT32_MAX;
    }
    m->raw = (struct view){len != 0 ? data : nothing, len};
    m->is_response = 0;
    m->status = 0;
    m->method = view_sub(m->raw, 0, 0);
    m->uri = m->method;
    m->version = m->method;
    m->reason = m->method;
    m->start_line = m->method;
    m->body = m->method;
    m->content_length = -1;
    m->head_off = 0;
    m->body_off = 0;
    m->num_headers = 0;
    m->num_devs = 0;
    m->lost_devs = 0;
}

void sip_parse(struct sip_msg *out, const uint8_t *data, size_t len)
{
    clear(out, data, len);
    size_t pos = sip_frame_blank(out->raw.data, out->raw.len);
    if (pos == out->raw.len) {
        add_dev(out, SIP_DEV_EMPTY, SIP_HDR_OTHER, 0, pos);
        out->head_off = (uint32_t)pos;
        out->body_off = (uint32_t)pos;
        out->body = view_tail(out->raw, pos);
        return;
    }
    if (pos != 0) {
        add_dev(out, SIP_DEV_LEADING_BLANK, SIP_HDR_OTHER, 0, pos);
    }
    struct line l;
    struct scan scan = scan_begin(out->raw);
    find_line(out, &scan, pos, &l);
    out->start_line = view_sub(out->raw, l.begin, l.end);
    out->head_off = (uint32_t)l.next;
    if (begins_sip(out->start_line)) {
        parse_status_line(out);
    } else {
        parse_request_line(out);
    }
    int complete = parse_fields(out, &scan, l.next);
    read_framing_fields(out);
    if (!complete) {
        add_dev(out, SIP_DEV_NO_END, SIP_HDR_OTHER, out->raw.len, 0);
    }
    find_body(out);
}

const struct sip_header *sip_find(const struct sip_msg *msg, enum sip_hdr id,
                                  size_t nth)
{
    for (size_t i = 0; i < msg->num_headers; i++) {
        if (msg->headers[i].id == id && nth-- == 0) {
            return &msg->headers[i];
        }
    }
    return NULL;
}

const struct sip_header *sip_find_name(const struct sip_msg *msg,
                                       const char *name, size_t nth)
{
    enum sip_hdr id = sip_hdr_of(sip_text(name));
    if (id != SIP_HDR_OTHER) {
        return sip_find(msg, id, nth);
    }
    for (size_t i = 0; i < msg->num_headers; i++) {
        const struct sip_header *h = &msg->headers[i];
        if (h->id == SIP_HDR_OTHER && sip_is_nocase(h->name, name) &&
            nth-- == 0) {
            return h;
        }
    }
    return NULL;
}

size_t sip_count(const struct sip_msg *msg, enum sip_hdr id)
{
    size_t n = 0;
    for (size_t i = 0; i < msg->num_headers; i++) {
        n += msg->headers[i].id == id;
    }
    return n;
}
