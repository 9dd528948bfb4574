"""Administration: one file per page; for anybody but administrators none of them exists."""
