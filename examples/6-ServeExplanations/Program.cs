using Microsoft.Extensions.Diagnostics.HealthChecks;
using RobustAttribution.Examples;
using RobustAttribution.Examples.ServeExplanations;
using TorchSharp;

// A page and a service that say what a saved model rests its answer on: label, probabilities, the map over the image and how stable it is.
// The configuration lies beside the program (appsettings.json); environment variables (Explain__Model) and arguments (--Explain:Model=…) go before it.
WebApplicationBuilder builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
try
{
    ServeOptions options = (builder.Configuration.GetSection(ServeOptions.Section).Get<ServeOptions>() ?? new()).Validated();
    torch.set_num_threads(options.Threads); // before anything computes: it is the number of every thread that begins to
    using var metrics = new ServeMetrics();
    using var text = new PrometheusText(ServeMetrics.MeterName);
    using var pool = new EnginePool(options, metrics);

    builder.WebHost.ConfigureKestrel(kestrel =>
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = options.MaximumUploadBytes + 4096; // a form is somewhat larger than its file
    });
    builder.Services.AddSingleton(options).AddSingleton(metrics).AddSingleton(text).AddSingleton(pool).AddSingleton<Requests>();
    builder.Services.AddProblemDetails();
    builder.Services.AddHealthChecks().AddCheck<Ready>("ready");

    WebApplication app = builder.Build();
    app.UseExceptionHandler();
    app.UseStatusCodePages();
    app.Use((http, next) =>
    {
        IHeaderDictionary headers = http.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers.ContentSecurityPolicy =
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
        headers["Referrer-Policy"] = "no-referrer";
        return next(http);
    });
    app.UseDefaultFiles();
    app.UseStaticFiles();
    app.MapExplanations();
    app.Logger.Loaded(pool.Model.ToString(), options.Models, options.Engines, options.Queue);
    await app.RunAsync(); // ends after Ctrl-C or SIGTERM, once the requests inside have their answers
    return 0;
}
catch (Exception error) when (error is IOException or FormatException or ArgumentException or InvalidOperationException)
{
    CommandLine.Complain(error.Message);
    return 1;
}
