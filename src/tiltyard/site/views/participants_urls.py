"""Addresses of the participants' pages."""

from django.urls import URLPattern, path

from tiltyard.site.views import home
from tiltyard.site.views.accounts import logging_in, passwords, profile, signing_up
from tiltyard.site.views.challenge import awards, board, feed, overview, team
from tiltyard.site.views.entries import entries, files, reproduce, submit

urlpatterns: list[URLPattern] = [
    path("", home.home, name="home"),
    path("look", home.look, name="look"),
    path("login", logging_in.log_in, name="login"),
    path("logout", logging_in.log_out, name="logout"),
    path("sign-up", signing_up.sign_up, name="sign-up"),
    path("sign-up/<str:code>", signing_up.sign_up_here, name="sign-up-here"),
    path("profile", profile.profile, name="profile"),
    path("profile/password", passwords.ChangePassword.as_view(), name="password"),
    path("password/forgot", passwords.ForgotPassword.as_view(), name="forgot"),
    path("password/sent", passwords.ForgotSent.as_view(), name="forgot-sent"),
    path("password/<uidb64>/<token>", passwords.NewPassword.as_view(), name="new-password"),
    path("claim/<str:code>", signing_up.claim, name="claim"),
    path("invitation/<str:code>", team.invitation, name="invitation"),
    path("c/<slug:slug>/", overview.challenge, name="challenge"),
    path("c/<slug:slug>/join", overview.join, name="join"),
    path("c/<slug:slug>/team", team.team, name="team"),
    path("c/<slug:slug>/submit", submit.submit, name="submit"),
    path("c/<slug:slug>/entries", entries.entries, name="entries"),
    path("c/<slug:slug>/entries/<row:number>", entries.entry, name="entry"),
    path("c/<slug:slug>/entries/<row:number>/state", entries.entry_state, name="entry-state"),
    path("c/<slug:slug>/entries/<row:number>/report", files.entry_report, name="entry-report"),
    path("c/<slug:slug>/entries/<row:number>/log", files.entry_log, name="entry-log"),
    path("c/<slug:slug>/entries/<row:number>/file", files.entry_file, name="entry-file"),
    path("c/<slug:slug>/entries/<row:number>/reproduce", reproduce.reproduce, name="reproduce"),
    path("c/<slug:slug>/board", board.board, name="board"),
    path("c/<slug:slug>/board.csv", board.board_csv, name="board-csv"),
    path("c/<slug:slug>/feed", feed.feed, name="feed"),
    path("c/<slug:slug>/awards", awards.award_list, name="awards"),
    path("c/<slug:slug>/messages", overview.message_list, name="messages"),
    path("c/<slug:slug>/releases/<slug:phase>/<int:number>", overview.release, name="release"),
]
