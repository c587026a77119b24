using System.Reflection;
using TorchSharp.Modules;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public partial class Module
        {
            /// <summary>
            /// Converts parameters and buffers to an element type, a device or both. New parameters take the place of converted ones, in
            /// fields too; the old ones are disposed.
            /// </summary>
            internal void Convert(ScalarType? dtype, Device? device)
            {
                if (dtype is { } type && !type.IsFloatingPoint())
                    throw new ArgumentException($"nn.Module.to only accepts floating point or complex types, but got desired dtype={type}");
                if (device is not null) InitializeDevice(device);
                foreach (var (_, child) in named_children()) child.Convert(dtype, device);

                using var detached = no_grad();
                foreach (var (key, parameter) in parametersByName.ToList())
                {
                    var target = TypeFor(parameter, dtype);
                    if (!Differs(parameter, target, device)) continue;
                    var converted = new Parameter(parameter.to(target, device ?? parameter.device), parameter.requires_grad);
                    converted.DetachFromDisposeScope();
                    using (var gradient = parameter.grad)
                    {
                        using var moved = gradient?.to(target, device ?? parameter.device);
                        converted.grad = moved;
                    }
                    parameter.Dispose();
                    parametersByName[key] = converted;
                    SetField(key, converted);
                }
                foreach (var (key, (buffer, persistent)) in buffersByName.ToList())
                {
                    var target = TypeFor(buffer, dtype);
                    if (!Differs(buffer, target, device)) continue;
                    var converted = buffer.to(target, device ?? buffer.device, disposeAfter: true).DetachFromDisposeScope();
                    buffersByName[key] = (converted, persistent);
                    SetField(key, converted);
                }
            }

            /// <summary>The type a parameter or buffer gets: integers keep theirs.</summary>
            private protected virtual ScalarType TypeFor(Tensor tensor, ScalarType? wanted) =>
                wanted is { } type && tensor.is_floating_point() ? type : tensor.dtype;

            private static bool Differs(Tensor tensor, ScalarType dtype, Device? device) =>
                tensor.dtype != dtype ||
                (device is not null && (tensor.device_type != device.type || (device.index >= 0 && tensor.device_index != device.index)));

            private void SetField(string fieldName, Tensor value) =>
                GetType().GetField(fieldName, BindingFlags.NonPublic | BindingFlags.Public | BindingFlags.Instance)?.SetValue(this, value);
        }
    }
}

public static class ModuleExtensionMethods
{
    public static T to<T>(this T module, torch.ScalarType type, bool non_blocking = false) where T : torch.nn.Module => Converted(module, type, null);

    public static T to<T>(this T module, torch.Device device, torch.ScalarType type, bool non_blocking = false) where T : torch.nn.Module =>
        Converted(module, type, device);

    public static T to<T>(this T module, DeviceType deviceType, int deviceIndex = -1, bool non_blocking = false) where T : torch.nn.Module =>
        Converted(module, null, new torch.Device(deviceType, deviceIndex));

    public static T to<T>(this T module, torch.Device device, bool non_blocking = false) where T : torch.nn.Module => Converted(module, null, device);

    public static T to<T>(this T module, string device, bool non_blocking = false) where T : torch.nn.Module =>
        Converted(module, null, new torch.Device(device));

    public static T to<T>(this T module, torch.Tensor other, bool non_blocking = false) where T : torch.nn.Module =>
        Converted(module, other.dtype, other.device);

    public static T cpu<T>(this T module, bool non_blocking = false) where T : torch.nn.Module => Converted(module, null, torch.CPU);

    public static T cuda<T>(this T module, int deviceIndex = -1, bool non_blocking = false) where T : torch.nn.Module =>
        Converted(module, null, new torch.Device(DeviceType.CUDA, deviceIndex));


    private static T Converted<T>(T module, torch.ScalarType? type, torch.Device? device) where T : torch.nn.Module
    {
        module.Convert(type, device);
        return module;
    }
}
