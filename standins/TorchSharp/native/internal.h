// Shared by the two translation units: handles and the exception barrier.
#pragma once
#include "shim.h"
#include <ATen/ATen.h>
#include <atomic>
#include <string>

using ts_tensor = c10::TensorImpl*;

extern thread_local std::string last_error;
extern std::atomic<int64_t> live_handles;

inline ts_tensor give(at::Tensor tensor) {
    if (!tensor.defined()) return nullptr;
    live_handles.fetch_add(1, std::memory_order_relaxed);
    return tensor.unsafeReleaseTensorImpl();
}

inline at::Tensor borrow(ts_tensor handle) {
    if (handle == nullptr) return at::Tensor();
    return at::Tensor(c10::intrusive_ptr<c10::TensorImpl, c10::UndefinedTensorImpl>::reclaim_copy(handle));
}

// The same, for where there must be a tensor.
inline at::Tensor need(ts_tensor handle) {
    TORCH_CHECK(handle != nullptr, "no tensor given");
    return borrow(handle);
}

inline std::vector<at::Tensor> borrow_all(const ts_tensor* handles, int32_t count) {
    TORCH_CHECK(count >= 0 && (count == 0 || handles != nullptr), "no tensors given");
    std::vector<at::Tensor> tensors;
    tensors.reserve(count);
    for (int32_t i = 0; i < count; i++) tensors.push_back(need(handles[i]));
    return tensors;
}

// Runs `body` and gives its result, or `failed` with the message kept when it throws.
template <class R, class F> R guarded(R failed, F&& body) noexcept {
    try {
        return body();
    } catch (const c10::Error& e) {
        last_error = e.what_without_backtrace();
    } catch (const std::exception& e) {
        last_error = e.what();
    } catch (...) {
        last_error = "an exception of unknown type";
    }
    return failed;
}
