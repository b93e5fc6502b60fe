"""Addresses of the participants' pages."""

from django.urls import URLPattern, path

from tiltyard.site.views import accounts, awards, board, challenge, entries, entry_files, home, reproduce, submit, team

urlpatterns: list[URLPattern] = [
    path("", home.home, name="home"),
    path("look", home.look, name="look"),
    path("login", accounts.log_in, name="login"),
    path("logout", accounts.log_out, name="logout"),
    path("sign-up", accounts.sign_up, name="sign-up"),
    path("profile", accounts.profile, name="profile"),
    path("profile/password", accounts.ChangePassword.as_view(), name="password"),
    path("password/forgot", accounts.ForgotPassword.as_view(), name="forgot"),
    path("password/sent", accounts.ForgotSent.as_view(), name="forgot-sent"),
    path("password/<uidb64>/<token>", accounts.NewPassword.as_view(), name="new-password"),
    path("claim/<str:code>", accounts.claim, name="claim"),
    path("invitation/<str:code>", team.invitation, name="invitation"),
    path("c/<slug:slug>/", challenge.challenge, name="challenge"),
    path("c/<slug:slug>/join", challenge.join, name="join"),
    path("c/<slug:slug>/team", team.team, name="team"),
    path("c/<slug:slug>/submit", submit.submit, name="submit"),
    path("c/<slug:slug>/entries", entries.entries, name="entries"),
    path("c/<slug:slug>/entries/<int:number>", entries.entry, name="entry"),
    path("c/<slug:slug>/entries/<int:number>/state", entries.entry_state, name="entry-state"),
    path("c/<slug:slug>/entries/<int:number>/report", entry_files.entry_report, name="entry-report"),
    path("c/<slug:slug>/entries/<int:number>/log", entry_files.entry_log, name="entry-log"),
    path("c/<slug:slug>/entries/<int:number>/file", entry_files.entry_file, name="entry-file"),
    path("c/<slug:slug>/entries/<int:number>/reproduce", reproduce.reproduce, name="reproduce"),
    path("c/<slug:slug>/board", board.board, name="board"),
    path("c/<slug:slug>/board.csv", board.board_csv, name="board-csv"),
    path("c/<slug:slug>/awards", awards.award_list, name="awards"),
    path("c/<slug:slug>/messages", challenge.message_list, name="messages"),
    path("c/<slug:slug>/releases/<slug:phase>/<int:number>", challenge.release, name="release"),
]
