// Stands in for libnvrtc: an image that names the kernels of a source, which the stand-in for the driver accepts.
#include <cstdlib>
#include <cstring>
#include <string>

namespace {
struct Program { std::string text, image; };
enum { OK = 0, COMPILATION = 6 };
}

extern "C" {
#define API __attribute__((visibility("default"))) int

API nvrtcVersion(int *major, int *minor) { *major = 13, *minor = 0; return OK; }
API nvrtcCreateProgram(Program **program, const char *text, const char *, int, const char *const *, const char *const *) {
    *program = new Program{text, {}};
    return OK;
}
API nvrtcCompileProgram(Program *program, int, const char *const *) {
    if (getenv("CUDA_STAND_IN_COMPILER_FAILS")) return COMPILATION;
    std::string names;
    for (size_t at = 0; (at = program->text.find("\nKERNEL(", at)) != std::string::npos; at++) {
        const size_t begin = program->text.find(") ", at) + 2;
        names += ".text." + program->text.substr(begin, program->text.find('(', begin) - begin) + '\0';
    }
    // The header of an ELF file for machine 190, with no sections behind the names.
    std::string header(64, '\0');
    memcpy(&header[0], "\177ELF", 4);
    header[18] = (char)190;
    const uint64_t end = header.size() + names.size();
    memcpy(&header[40], &end, 8);
    program->image = header + names;
    return OK;
}
API nvrtcGetProgramLogSize(Program *, size_t *size) { *size = 1; return OK; }
API nvrtcGetProgramLog(Program *, char *log) { *log = 0; return OK; }
API nvrtcGetCUBINSize(Program *program, size_t *size) { *size = program->image.size(); return OK; }
API nvrtcGetCUBIN(Program *program, char *image) { memcpy(image, program->image.data(), program->image.size()); return OK; }
API nvrtcDestroyProgram(Program **program) { delete *program; *program = nullptr; return OK; }
}
