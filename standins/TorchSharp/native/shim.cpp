// Tensor life time, creation, autograd, generators and modes: what is not an operator.
#include "internal.h"
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/cuda.h>
#include <torch/version.h>
#include <cstring>

thread_local std::string last_error;
std::atomic<int64_t> live_handles{0};

TS_API const char* ts_last_error() { return last_error.c_str(); }

// How many handles were given out and not yet released.
TS_API int64_t ts_live_handles() { return live_handles.load(std::memory_order_relaxed); }

TS_API void ts_release(ts_tensor handle) {
    if (handle == nullptr) return;
    live_handles.fetch_sub(1, std::memory_order_relaxed);
    guarded<int32_t>(-1, [&] {
        c10::intrusive_ptr<c10::TensorImpl, c10::UndefinedTensorImpl>::reclaim(handle);
        return 0;
    });
}

// A second handle of the same tensor.
TS_API ts_tensor ts_share(ts_tensor handle) {
    return guarded<ts_tensor>(nullptr, [&] { return give(need(handle)); });
}

TS_API int32_t ts_describe(ts_tensor handle, ts_metadata* result) {
    return guarded<int32_t>(-1, [&] {
        auto tensor = need(handle);
        auto device = tensor.device();
        *result = {static_cast<int32_t>(tensor.scalar_type()), static_cast<int32_t>(tensor.dim()), static_cast<int32_t>(device.type()), device.index(),
                   static_cast<int32_t>(tensor.element_size()), tensor.requires_grad(), tensor.is_leaf(), tensor.is_contiguous(), tensor.numel()};
        return 0;
    });
}

// Either of `sizes` and `strides` may be null; each has room for `dimensions` numbers.
TS_API int32_t ts_shape(ts_tensor handle, int64_t* sizes, int64_t* strides, int32_t dimensions) {
    return guarded<int32_t>(-1, [&] {
        auto tensor = need(handle);
        TORCH_CHECK(tensor.dim() == dimensions, "the tensor has ", tensor.dim(), " dimensions, but ", dimensions, " were expected");
        if (sizes) std::memcpy(sizes, tensor.sizes().data(), dimensions * sizeof(int64_t));
        if (strides) std::memcpy(strides, tensor.strides().data(), dimensions * sizeof(int64_t));
        return 0;
    });
}

TS_API void* ts_data(ts_tensor handle) {
    return guarded<void*>(nullptr, [&] { return need(handle).data_ptr(); });
}

TS_API int64_t ts_storage_offset(ts_tensor handle) {
    return guarded<int64_t>(-1, [&] { return need(handle).storage_offset(); });
}

// A tensor with a copy of the `sizes` elements at `data`, on the CPU.
TS_API ts_tensor ts_from_memory(const void* data, const int64_t* sizes, int32_t dimensions, int32_t dtype) {
    return guarded<ts_tensor>(nullptr, [&] {
        auto tensor = at::empty(at::IntArrayRef(sizes, dimensions), at::TensorOptions().dtype(static_cast<at::ScalarType>(dtype)));
        if (tensor.numel() > 0) std::memcpy(tensor.data_ptr(), data, tensor.nbytes());
        return give(tensor);
    });
}

TS_API int32_t ts_set_requires_grad(ts_tensor handle, int32_t value) {
    return guarded<int32_t>(-1, [&] {
        auto tensor = need(handle);
        TORCH_CHECK(!value || torch::autograd::isDifferentiableType(tensor.scalar_type()), "only Tensors of floating point dtype can require gradients, this one is of type ", tensor.scalar_type());
        tensor.set_requires_grad(value != 0);
        return 0;
    });
}

// The accumulated gradient, or null with an empty ts_last_error when there is none.
TS_API ts_tensor ts_grad(ts_tensor handle) {
    last_error.clear();
    return guarded<ts_tensor>(nullptr, [&] { return give(need(handle).grad()); });
}

TS_API int32_t ts_set_grad(ts_tensor handle, ts_tensor gradient) {
    return guarded<int32_t>(-1, [&] {
        auto tensor = need(handle);
        tensor.mutable_grad() = borrow(gradient);
        return 0;
    });
}

TS_API int32_t ts_autograd_grad(const ts_tensor* outputs, int32_t output_count, const ts_tensor* inputs, int32_t input_count, const ts_tensor* grad_outputs,
                                int32_t grad_count, int32_t retain_graph, int32_t create_graph, int32_t allow_unused, ts_tensor* results) {
    return guarded<int32_t>(-1, [&] {
        auto gradients = torch::autograd::grad(borrow_all(outputs, output_count), borrow_all(inputs, input_count), borrow_all(grad_outputs, grad_count),
                                               retain_graph != 0, create_graph != 0, allow_unused != 0);
        TORCH_CHECK(gradients.size() == static_cast<size_t>(input_count), "autograd gave ", gradients.size(), " gradients for ", input_count, " inputs");
        for (int32_t i = 0; i < input_count; i++) results[i] = give(std::move(gradients[i]));
        return 0;
    });
}

TS_API int32_t ts_autograd_backward(const ts_tensor* tensors, int32_t tensor_count, const ts_tensor* gradients, int32_t gradient_count, int32_t retain_graph,
                                    int32_t create_graph, const ts_tensor* inputs, int32_t input_count) {
    return guarded<int32_t>(-1, [&] {
        torch::autograd::backward(borrow_all(tensors, tensor_count), borrow_all(gradients, gradient_count), retain_graph != 0, create_graph != 0,
                                  borrow_all(inputs, input_count));
        return 0;
    });
}

// Whether operations are recorded. Per thread.
TS_API int32_t ts_grad_mode() { return at::GradMode::is_enabled(); }
TS_API void ts_set_grad_mode(int32_t enabled) { at::GradMode::set_enabled(enabled != 0); }

static at::Generator& need_generator(void* generator) {
    TORCH_CHECK(generator != nullptr, "no generator given");
    return *static_cast<at::Generator*>(generator);
}

// Random number generators. The default one belongs to libtorch; each handle is freed with ts_generator_delete.
TS_API void* ts_generator_new(uint64_t seed) {
    return guarded<void*>(nullptr, [&] { return new at::Generator(at::detail::createCPUGenerator(seed)); });
}
TS_API void* ts_generator_default() {
    return guarded<void*>(nullptr, [&] { return new at::Generator(at::detail::getDefaultCPUGenerator()); });
}
TS_API void ts_generator_delete(void* generator) { delete static_cast<at::Generator*>(generator); }
TS_API int32_t ts_generator_set_seed(void* generator, uint64_t seed) {
    return guarded<int32_t>(-1, [&] {
        auto& random = need_generator(generator);
        std::lock_guard<std::mutex> lock(random.mutex());
        random.set_current_seed(seed);
        return 0;
    });
}
// `fresh` draws a new seed from the operating system; otherwise the present one is given.
TS_API uint64_t ts_generator_seed(void* generator, int32_t fresh) {
    return guarded<uint64_t>(0, [&] {
        auto& random = need_generator(generator);
        std::lock_guard<std::mutex> lock(random.mutex());
        return fresh ? random.seed() : random.current_seed();
    });
}
TS_API ts_tensor ts_generator_state(void* generator) {
    return guarded<ts_tensor>(nullptr, [&] {
        auto& random = need_generator(generator);
        std::lock_guard<std::mutex> lock(random.mutex());
        return give(random.get_state());
    });
}
TS_API int32_t ts_generator_set_state(void* generator, ts_tensor state) {
    return guarded<int32_t>(-1, [&] {
        auto& random = need_generator(generator);
        std::lock_guard<std::mutex> lock(random.mutex());
        random.set_state(need(state));
        return 0;
    });
}
TS_API int32_t ts_manual_seed(uint64_t seed) {
    return guarded<int32_t>(-1, [&] {
        at::manual_seed(seed);
        return 0;
    });
}

TS_API int32_t ts_threads(int32_t interop) { return interop ? at::get_num_interop_threads() : at::get_num_threads(); }
TS_API int32_t ts_set_threads(int32_t count, int32_t interop) {
    return guarded<int32_t>(-1, [&] {
        if (interop) at::set_num_interop_threads(count);
        else at::set_num_threads(count);
        return 0;
    });
}

TS_API const char* ts_version() { return TORCH_VERSION; }

TS_API int32_t ts_cuda_is_available() {
    return guarded<int32_t>(0, [] { return torch::cuda::is_available() ? 1 : 0; });
}
TS_API int32_t ts_cuda_device_count() {
    return guarded<int32_t>(0, [] { return static_cast<int32_t>(torch::cuda::device_count()); });
}
