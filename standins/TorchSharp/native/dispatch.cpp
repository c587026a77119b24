// Any operator, by schema name, called boxed.
#include "internal.h"
#include <ATen/core/dispatch/Dispatcher.h>
#include <memory>

namespace {

enum class Kind { tensor, tensors, optional_tensors, scalar, real, integer, boolean, integers, reals, device, generator, string, other };

struct Parameter {
    Kind kind;
    bool optional;
    c10::optional<c10::IValue> fallback;
    std::string name, type;
};

struct Operator {
    c10::OperatorHandle handle;
    std::string name;
    std::vector<Parameter> parameters;
};

Kind kind_of(const c10::TypePtr& type) {
    switch (type->kind()) {
        case c10::TypeKind::TensorType: return Kind::tensor;
        case c10::TypeKind::NumberType: return Kind::scalar;
        case c10::TypeKind::FloatType: return Kind::real;
        case c10::TypeKind::IntType:
        case c10::TypeKind::SymIntType: return Kind::integer;
        case c10::TypeKind::BoolType: return Kind::boolean;
        case c10::TypeKind::DeviceObjType: return Kind::device;
        case c10::TypeKind::GeneratorType: return Kind::generator;
        case c10::TypeKind::StringType: return Kind::string;
        case c10::TypeKind::ListType: {
            auto element = type->castRaw<c10::ListType>()->getElementType();
            if (element->kind() == c10::TypeKind::OptionalType) return Kind::optional_tensors;
            switch (kind_of(element)) {
                case Kind::tensor: return Kind::tensors;
                case Kind::integer: return Kind::integers;
                case Kind::real: return Kind::reals;
                default: return Kind::other;
            }
        }
        default: return Kind::other;
    }
}

std::unique_ptr<Operator> find(const char* full_name) {
    std::string name = full_name, overload;
    auto dot = name.find('.');
    if (dot != std::string::npos) {
        overload = name.substr(dot + 1);
        name.resize(dot);
    }
    auto handle = c10::Dispatcher::singleton().findSchemaOrThrow(name.c_str(), overload.c_str());
    auto found = std::make_unique<Operator>(Operator{handle, full_name, {}});
    for (const auto& argument : handle.schema().arguments()) {
        auto type = argument.type();
        bool optional = type->kind() == c10::TypeKind::OptionalType;
        if (optional) type = type->castRaw<c10::OptionalType>()->getElementType();
        found->parameters.push_back({kind_of(type), optional, argument.default_value(), argument.name(), argument.type()->str()});
    }
    return found;
}

[[noreturn]] void mismatch(const Operator& op, const Parameter& parameter, int32_t tag) {
    static const char* names[] = {"none", "tensor", "int", "float", "bool", "int list", "float list", "tensor list", "device", "generator", "string"};
    bool known = tag >= 0 && tag < static_cast<int32_t>(sizeof names / sizeof *names);
    TORCH_CHECK(false, op.name, ": argument '", parameter.name, "' is of type ", parameter.type, ", but ", known ? names[tag] : "an unknown tag", " was given");
}

c10::IValue fallback(const Operator& op, const Parameter& parameter) {
    if (parameter.fallback) return *parameter.fallback;
    TORCH_CHECK(parameter.optional, op.name, ": argument '", parameter.name, "' of type ", parameter.type, " has no default value and was not given");
    return c10::IValue();
}

template <class T> c10::List<T> list(const ts_value& value) {
    auto* items = static_cast<const T*>(value.pointer);
    c10::List<T> result;
    result.reserve(value.count);
    for (int32_t i = 0; i < value.count; i++) result.push_back(items[i]);
    return result;
}

c10::IValue to_ivalue(const Operator& op, const Parameter& parameter, const ts_value& value) {
    const Kind kind = parameter.kind;
    switch (value.tag) {
        case TS_DEFAULT: return fallback(op, parameter);
        case TS_NONE:
            if (parameter.optional) return c10::IValue();
            break;
        case TS_TENSOR:
            if (kind == Kind::tensor) return need(static_cast<ts_tensor>(value.pointer));
            break;
        case TS_INT:
            if (kind == Kind::integer || kind == Kind::scalar) return value.integer;
            if (kind == Kind::real) return static_cast<double>(value.integer);
            if (kind == Kind::integers) return c10::List<int64_t>({value.integer});
            break;
        case TS_DOUBLE:
            if (kind == Kind::real || kind == Kind::scalar) return value.real;
            break;
        case TS_BOOL:
            if (kind == Kind::boolean || kind == Kind::scalar) return value.integer != 0;
            break;
        case TS_INTS:
            if (kind == Kind::integers) return list<int64_t>(value);
            break;
        case TS_DOUBLES:
            if (kind == Kind::reals) return list<double>(value);
            break;
        case TS_TENSORS: {
            auto* handles = static_cast<const ts_tensor*>(value.pointer);
            if (kind == Kind::tensors) {
                c10::List<at::Tensor> result;
                for (int32_t i = 0; i < value.count; i++) result.push_back(need(handles[i]));
                return result;
            }
            if (kind == Kind::optional_tensors) {
                c10::List<c10::optional<at::Tensor>> result;
                for (int32_t i = 0; i < value.count; i++)
                    result.push_back(handles[i] ? c10::optional<at::Tensor>(borrow(handles[i])) : c10::nullopt);
                return result;
            }
            break;
        }
        case TS_DEVICE:
            if (kind == Kind::device) return c10::Device(static_cast<c10::DeviceType>(value.integer), static_cast<c10::DeviceIndex>(value.count));
            break;
        case TS_GENERATOR:
            if (kind == Kind::generator && value.pointer) return *static_cast<at::Generator*>(value.pointer);
            break;
        case TS_STRING:
            if (kind == Kind::string) return std::string(static_cast<const char*>(value.pointer), value.count);
            break;
    }
    mismatch(op, parameter, value.tag);
}

void from_ivalue(const Operator& op, c10::IValue& value, ts_value& result) {
    result.count = 0;
    result.integer = 0;
    if (value.isTensor()) {
        result.tag = TS_TENSOR;
        result.pointer = give(std::move(value).toTensor());
    } else if (value.isTensorList()) {
        auto tensors = value.toTensorVector();
        auto* handles = new ts_tensor[tensors.size() + 1];
        for (size_t i = 0; i < tensors.size(); i++) handles[i] = give(std::move(tensors[i]));
        result = {TS_TENSORS, static_cast<int32_t>(tensors.size()), {}};
        result.pointer = handles;
    } else if (value.isInt()) {
        result.tag = TS_INT;
        result.integer = value.toInt();
    } else if (value.isDouble()) {
        result.tag = TS_DOUBLE;
        result.real = value.toDouble();
    } else if (value.isBool()) {
        result.tag = TS_BOOL;
        result.integer = value.toBool();
    } else {
        TORCH_CHECK(value.isNone(), op.name, ": a result of type ", value.tagKind(), " cannot be handed over");
        result.tag = TS_NONE;
    }
}

} // namespace

// The operator called `name` ("aten::add.Tensor"), valid for ever, or null.
TS_API void* ts_find(const char* name) {
    return guarded<void*>(nullptr, [&] { return find(name).release(); });
}

// Calls an operator; missing trailing arguments take the schema's defaults. Writes its first `capacity` results and gives how many
// there are (others are dropped), or -1.
TS_API int32_t ts_call(const void* operation, const ts_value* arguments, int32_t count, ts_value* results, int32_t capacity) {
    return guarded<int32_t>(-1, [&] {
        TORCH_CHECK(operation != nullptr, "no operator given");
        const auto& op = *static_cast<const Operator*>(operation);
        TORCH_CHECK(count >= 0 && static_cast<size_t>(count) <= op.parameters.size(),
                    op.name, " takes ", op.parameters.size(), " arguments, but ", count, " were given");
        torch::jit::Stack stack;
        stack.reserve(op.parameters.size() + 2);
        for (int32_t i = 0; i < count; i++) stack.push_back(to_ivalue(op, op.parameters[i], arguments[i]));
        for (size_t i = count; i < op.parameters.size(); i++) stack.push_back(fallback(op, op.parameters[i]));
        op.handle.callBoxed(stack);
        auto produced = std::min(static_cast<int32_t>(stack.size()), capacity);
        for (int32_t i = 0; i < produced; i++) from_ivalue(op, stack[i], results[i]);
        return produced;
    });
}

TS_API void ts_free_array(void* handles) {
    delete[] static_cast<ts_tensor*>(handles);
}
