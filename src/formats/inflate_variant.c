/* inflate_variant.c - which kernels this processor can run. */
#include "formats/cpu.h"
#include "formats/inflate_core.h"

void dp__kernels(const dp__kernel *out[3])
{
	size_t n = 0;
#ifdef __x86_64__
	if (dp__cpu_is_v3())
		out[n++] = &dp__kernel_v3;
#endif
	out[n++] = &dp__kernel_base;
	out[n] = NULL;
}
