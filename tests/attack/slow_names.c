/* LD_PRELOAD: names under .slow.test take ten seconds to resolve, as with a name server that drops queries. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <string.h>
#include <unistd.h>

#define SUFFIX ".slow.test"

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **result)
{
    static int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    size_t length = node ? strlen(node) : 0;
    if (length > strlen(SUFFIX) && strcmp(node + length - strlen(SUFFIX), SUFFIX) == 0) {
        sleep(10);
        return EAI_AGAIN;
    }
    if (!real)
        real = dlsym(RTLD_NEXT, "getaddrinfo");
    return real(node, service, hints, result);
}
