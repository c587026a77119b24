// What the C# side of the TorchSharp stand-in sees of libtorch. Everything is plain C: integers, pointers and two structs.
//
// A tensor handle is a c10::TensorImpl* that owns one reference; 0 stands for the undefined tensor. A handle is given back with
// ts_release, from any thread. Every function that can fail returns a negative number (or 0 for a handle) and leaves the message
// of the exception in ts_last_error(), which is per thread; no exception leaves this library.
#pragma once
#include <cstdint>

#define TS_API extern "C" __attribute__((visibility("default")))

enum ts_tag : int32_t {
    TS_NONE = 0,      // None of an optional argument
    TS_TENSOR = 1,    // handle
    TS_INT = 2,       // integer, also a dtype, a layout or a memory format
    TS_DOUBLE = 3,
    TS_BOOL = 4,
    TS_INTS = 5,      // pointer to int64_t, count
    TS_DOUBLES = 6,   // pointer to double, count
    TS_TENSORS = 7,   // pointer to handles, count; a handle of 0 is None where the schema allows it
    TS_DEVICE = 8,    // value = device type, count = device index
    TS_GENERATOR = 9, // handle of ts_generator_new
    TS_STRING = 10,   // pointer to UTF-8 bytes, count
    TS_DEFAULT = 11,  // take the default value of the schema
};

// One argument of an operator, or one of its results. Pointers are borrowed for the time of the call.
// Results: TS_TENSOR (owned by the caller), TS_TENSORS (array owned by the caller: ts_free_array), TS_INT, TS_DOUBLE, TS_BOOL, TS_NONE.
struct ts_value {
    int32_t tag;
    int32_t count;
    union { int64_t integer; double real; void* pointer; };
};

struct ts_metadata {
    int32_t dtype, dimensions, device_type, device_index, element_size, requires_grad, is_leaf, is_contiguous;
    int64_t elements;
};
