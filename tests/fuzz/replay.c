/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Replays corpus files through a libFuzzer entry point in ordinary builds. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned long replayed;

static int replay_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (f == NULL) {
        return 1;
    }
    fseek(f, 0, SEEK_END);
    long n = ftell(f);
    rewind(f);
    /* An exact-size heap block, so that a read past the end is seen. */
    uint8_t *data = malloc(n > 0 ? (size_t)n : 1);
    int bad = data == NULL || fread(data, 1, (size_t)n, f) != (size_t)n;
    fclose(f);
    if (!bad) {
        LLVMFuzzerTestOneInput(data, (size_t)n);
        replayed++;
    }
    free(data);
    return bad;
}

static int replay_path(const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0) {
        return 1;
    }
    if (!S_ISDIR(st.st_mode)) {
        return replay_file(path);
    }
    DIR *d = opendir(path);
    int bad = d == NULL;
    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
        char sub[4096];
        if (e->d_name[0] == '.') {
            continue;
        }
        snprintf(sub, sizeof sub, "%s/%s", path, e->d_name);
        bad |= replay_file(sub);
    }
    if (d != NULL) {
        closedir(d);
    }
    return bad;
}

int main(int argc, char **argv)
{
    int bad = 0;
    for (int i = 1; i < argc; i++) {
        bad |= replay_path(argv[i]);
    }
    printf("%lu inputs replayed\n", replayed);
    return bad || replayed == 0;
}
