using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace RobustAttribution.Examples.ServeExplanations;

/// <summary>Whether requests should be sent here: the model is loaded before the service listens, so until it is asked to stop.</summary>
internal sealed class Ready(IHostApplicationLifetime lifetime) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        => Task.FromResult(lifetime.ApplicationStopping.IsCancellationRequested ? HealthCheckResult.Unhealthy("stopping") : HealthCheckResult.Healthy());
}
