// Starts one of the packaged programs with the C library that comes with it.
//
// The programs need a newer glibc than many clusters have. A program's loader has to be named by an absolute path, and
// nobody knows where the archive will be unpacked; so this one, linked statically and hence good for any kernel of
// 3.2 or later, starts the loader that lies beside it:
//
//     FOLDER/NAME                      this program, under the name of the one that it starts
//     FOLDER/ld-linux-x86-64.so.2      the loader, and the libraries
//     FOLDER/programs/NAME             the program
//
// To the program FOLDER/NAME is its name (`argv[0]`), and its folder is FOLDER (/proc/self/exe being the loader), where
// it finds the other program and the models that come with the product.
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int fail(const char *what) {
    fprintf(stderr, "error: %s: %s\n", what, strerror(errno));
    return 1;
}

int main(int count, char **arguments) {
    static char self[PATH_MAX], loader[PATH_MAX + 32], program[PATH_MAX + 32];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self);
    if (length < 0) return fail("/proc/self/exe (is /proc mounted?)");
    if ((size_t)length == sizeof self) {
        errno = ENAMETOOLONG;
        return fail("the program's own path");
    }
    self[length] = 0;
    char *name = strrchr(self, '/') + 1;
    int folder = (int)(name - self);
    snprintf(loader, sizeof loader, "%.*sld-linux-x86-64.so.2", folder, self);
    snprintf(program, sizeof program, "%.*sprograms/%s", folder, self, name);

    char **passed = calloc((size_t)count + 5, sizeof *passed);
    if (!passed) return fail("memory");
    passed[0] = loader;
    passed[1] = "--argv0";
    passed[2] = self;
    passed[3] = program;
    for (int index = 1; index < count; index++) passed[index + 3] = arguments[index];
    execv(loader, passed);
    return fail(loader);
}
