using Microsoft.ML.Runtime;

namespace RobustAttribution.MLNet.Interop;

/// <summary>Messages for the user's log that are one text.</summary>
internal static class ChannelMessages
{
    public static void Inform(this IChannel channel, string message) => channel.Info(MessageSensitivity.None, "{0}", message);

    public static void Warn(this IChannel channel, string message) => channel.Warning(MessageSensitivity.None, "{0}", message);
}
