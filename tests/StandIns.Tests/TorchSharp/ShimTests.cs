using System.Runtime.InteropServices;
using TorchSharp;

namespace StandIns.Tests.Torch;

/// <summary>The stand-in's native library, called as C# never calls it: whatever it is given, it answers with an error and its words.</summary>
[TestClass]
[TestCategory("StandInOnly")]
public sealed class ShimTests
{
    private const int Tensor = 1, Int = 2, Ints = 5, Tensors = 7;

    private nint library;

    private readonly record struct Value(int Tag, int Count = 0, long Bits = 0);

    private delegate nint Find([MarshalAs(UnmanagedType.LPUTF8Str)] string name);
    private delegate int Call(nint operation, [In] Value[] arguments, int count, [In, Out] Value[] results, int capacity);
    private delegate nint LastError();
    private delegate nint OfHandle(nint handle);
    private delegate int Described(nint handle, nint result);
    private delegate int Required(nint handle, int value);
    private delegate long Count();
    private delegate nint FromMemory([In] float[] data, [In] long[] sizes, int dimensions, int dtype);
    private delegate int Grad(nint[]? outputs, int outputCount, nint[] inputs, int inputCount, nint[]? weights, int weightCount, int retain, int create,
        int unused, [In, Out] nint[] results);

    [TestInitialize]
    public void Load()
    {
        Numbers.RequireStandIn();
        library = NativeLibrary.Load("torchsharp_standin", typeof(torch).Assembly, DllImportSearchPath.AssemblyDirectory);
    }

    [TestMethod]
    public void UnknownOperatorIsNotFound()
    {
        Assert.AreEqual(0, Export<Find>("ts_find")("aten::nonsense"));
        StringAssert.Contains(Message(), "nonsense");
        Assert.AreEqual(0, Export<Find>("ts_find")(""));
        Assert.AreEqual(0, Export<Find>("ts_find")("aten::add.Nonsense"));
        Assert.AreNotEqual(0, Export<Find>("ts_find")("aten::add.Tensor"));
    }

    [TestMethod]
    public void MisfitArgumentsAreNamed()
    {
        Fails("no operator given", 0, []);
        var add = Export<Find>("ts_find")("aten::add.Tensor");
        Fails("aten::add.Tensor: argument 'self' of type Tensor has no default value", add, []);
        Fails("argument 'self' is of type Tensor, but int was given", add, [new Value(Int)]);
        Fails("but an unknown tag was given", add, [new Value(99)]);
        Fails("but an unknown tag was given", add, [new Value(-1)]);
        Fails("but none was given", add, [default]);
        Fails("no tensor given", add, [new Value(Tensor)]);
        Fails("takes 3 arguments, but 4 were given", add, new Value[4]);
        var cat = Export<Find>("ts_find")("aten::cat");
        Fails("expected a non-empty list of Tensors", cat, [new Value(Tensors)]);
        var zeros = Export<Find>("ts_find")("aten::zeros");
        Fails("argument 'dtype' is of type int?, but int list was given", zeros, [new Value(Int, Bits: 2), new Value(Ints)]);
    }

    [TestMethod]
    public void MissingTensorsAreErrors()
    {
        foreach (var name in new[] { "ts_share", "ts_data", "ts_grad", "ts_generator_state" })
        {
            Assert.AreEqual(0, Export<OfHandle>(name)(0), name);
            StringAssert.Contains(Message(), "given", name);
        }
        Assert.AreEqual(-1, Export<Described>("ts_describe")(0, 0));
        Assert.AreEqual(-1, Export<Required>("ts_set_requires_grad")(0, 1));
        Export<OfHandle>("ts_release")(0);
        Assert.AreEqual(-1, Export<Grad>("ts_autograd_grad")([0], 1, [0], 1, null, 0, 0, 0, 0, new nint[1]));
        StringAssert.Contains(Message(), "no tensor given");
        Assert.AreEqual(-1, Export<Grad>("ts_autograd_grad")(null, 1, [0], 1, null, 0, 0, 0, 0, new nint[1]));
    }

    [TestMethod]
    public void ResultsBeyondTheCapacityAreDroppedNotLeaked()
    {
        var live = Export<Count>("ts_live_handles");
        var before = live();
        var tensor = Export<FromMemory>("ts_from_memory")([3, 1, 2], [3], 1, (int)torch.ScalarType.Float32);
        var sort = Export<Find>("ts_find")("aten::sort");
        Value[] arguments = [new Value(Tensor, Bits: tensor)], results = new Value[2];
        var call = Export<Call>("ts_call");
        Assert.AreEqual(0, call(sort, arguments, 1, results, 0));
        Assert.AreEqual(before + 1, live());
        Assert.AreEqual(1, call(sort, arguments, 1, results, 1));
        Assert.AreEqual(before + 2, live());
        Assert.AreEqual(Tensor, results[0].Tag);
        Export<OfHandle>("ts_release")((nint)results[0].Bits);
        Export<OfHandle>("ts_release")(tensor);
        Assert.AreEqual(before, live());
        Assert.AreEqual(0, Export<FromMemory>("ts_from_memory")([], [-1], 1, (int)torch.ScalarType.Float32));
        Assert.AreEqual(0, Export<FromMemory>("ts_from_memory")([], [1], 1, 77));
    }

    [TestMethod]
    public void MessageBelongsToItsThread()
    {
        Export<Find>("ts_find")("aten::mine");
        string? theirs = null;
        var thread = new Thread(() => theirs = Message());
        thread.Start();
        thread.Join();
        Assert.AreEqual("", theirs);
        StringAssert.Contains(Message(), "mine");
    }

    private void Fails(string message, nint operation, Value[] arguments)
    {
        Assert.AreEqual(-1, Export<Call>("ts_call")(operation, arguments, arguments.Length, new Value[2], 2));
        StringAssert.Contains(Message(), message);
    }

    private string Message() => Marshal.PtrToStringUTF8(Export<LastError>("ts_last_error")())!;

    private T Export<T>(string name) where T : Delegate => Marshal.GetDelegateForFunctionPointer<T>(NativeLibrary.GetExport(library, name));
}
