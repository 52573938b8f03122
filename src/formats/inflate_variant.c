/* inflate_variant.c - which kernels this processor can run. */
#include "formats/inflate_core.h"

#ifdef __x86_64__
/* Just what inflate_kernel.c is compiled with there. */
static bool is_v3(void)
{
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
	       __builtin_cpu_supports("bmi2");
}
#endif

void dp__kernels(const dp__kernel *out[3])
{
	size_t n = 0;
#ifdef __x86_64__
	if (is_v3())
		out[n++] = &dp__kernel_v3;
#endif
	out[n++] = &dp__kernel_base;
	out[n] = NULL;
}
