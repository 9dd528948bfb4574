"""Settings of photos and PDFs in the chat."""

from web.environment.config_values import Setting

FILE_SETTINGS = (
    Setting("TELECONNECT_FILE_MEGABYTES", "20", "Most megabytes of one photo or PDF in the chat."),
    Setting(
        "TELECONNECT_SESSION_MEGABYTES",
        "500",
        "Most megabytes of all photos and PDFs of one session.",
    ),
    Setting(
        "TELECONNECT_FILES",
        "",
        "Object store for photos and PDFs, as s3://bucket/prefix, or"
        " s3+https://host:port/bucket/prefix if it is not Amazon's; empty: the database with"
        " PostgreSQL, else the data folder.",
    ),
    Setting(
        "TELECONNECT_CLAMAV_SOCKET",
        "",
        "Socket of the virus scanner ClamAV, as /run/clamav/clamd.ctl; empty: files are not"
        " scanned.",
    ),
)
